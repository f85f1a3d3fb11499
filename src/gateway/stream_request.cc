#include "gateway/stream_request.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "gateway/evidence.h"

namespace warmgate::gateway {
namespace {

using Json = nlohmann::json;

// Follows the parser, which stops when a call returns false.
class StreamMember final : public nlohmann::json_sax<Json> {
 public:
  bool found() const { return found_; }

  bool boolean(bool value) override {
    if (depth_ != 1 || !named_) return depth_ > 0;
    found_ = value;
    return false;
  }
  bool key(string_t& name) override {
    named_ = depth_ == 1 && name == "stream";
    return true;
  }
  bool start_object(size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override { return depth_ > 0 && enter(); }
  bool end_array() override { return leave(); }
  bool null() override { return other(); }
  bool number_integer(number_integer_t) override { return other(); }
  bool number_unsigned(number_unsigned_t) override { return other(); }
  bool number_float(number_float_t, const string_t&) override { return other(); }
  bool string(string_t&) override { return other(); }
  bool binary(binary_t&) override { return other(); }
  bool parse_error(size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  // A value of another kind under that name says no; the whole body being one says so, too.
  bool other() const { return depth_ > 0 && (depth_ != 1 || !named_); }
  bool enter() {
    if (depth_ == 1 && named_) return false;
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }

  size_t depth_ = 0;
  bool named_ = false;  // the value that follows is that of "stream"
  bool found_ = false;
};

}  // namespace

bool accepts_event_stream(const http::Fields& fields) {
  for (const http::Field& field : fields) {
    if (field.id != http::FieldName::accept) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (is_event_stream(trim(rest.substr(0, comma)))) return true;
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  return false;
}

bool body_asks_for_stream(std::string_view body) {
  StreamMember member;
  Json::sax_parse(body, &member, Json::input_format_t::json, false);
  return member.found();
}

}  // namespace warmgate::gateway
