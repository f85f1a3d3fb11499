// libFuzzer target: our reading of a message beside that of Boost.Beast. We may refuse what Beast
// takes. But when both take a message, they must agree on where it ends and on what it says:
// a difference there is what request smuggling is made of.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "http/differential.h"
#include "http/head_parser.h"

namespace warmgate::http {
namespace {

namespace beast = boost::beast::http;
using testing::Message;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

constexpr uint64_t kLongestBody = 1 << 20;  // Beast reserves as much as a peer declares

// False if Beast refuses the bytes or finds no whole message in them.
template <bool kIsRequest>
bool read_with_beast(beast::parser<kIsRequest, beast::string_body>& parser, std::string_view bytes,
                     Message& message) {
  boost::system::error_code error;
  parser.eager(true);
  parser.header_limit(UINT32_MAX);
  parser.body_limit(UINT64_MAX);
  message.consumed = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error) return false;  // it may need more, but this is all that comes
  if (!parser.is_done() && parser.is_header_done()) parser.put_eof(error);
  message.complete = parser.is_done() && !error;
  message.body = parser.get().body();
  return message.complete;
}

template <class BeastMessage>
void compare(const Fields& fields, const Message& ours, const BeastMessage& other,
             const Message& theirs) {
  WG_ASSERT(ours.complete, "a whole message for Beast is one for us");
  WG_ASSERT(ours.consumed == theirs.consumed, "the same end");
  WG_ASSERT(ours.body == theirs.body, "the same body");
  for (const Field& field : fields) {
    const auto [first, last] =
        other.equal_range(boost::beast::string_view(field.name.data(), field.name.size()));
    const bool found = std::any_of(
        first, last, [&field](const auto& entry) { return view(entry.value()) == field.value; });
    WG_ASSERT(found, "the same fields");
  }
}

void check_request(std::string_view bytes) {
  HeadParser parser;
  RequestHead head;
  if (parser.parse_request(bytes, head) != ParseStatus::complete) return;
  BodyDecoder decoder;
  const Message ours =
      testing::read_body(decoder, bytes, parser.consumed(), head.framing, head.content_length);
  if (ours.refused || head.content_length > kLongestBody) return;
  beast::request_parser<beast::string_body> other;
  Message theirs;
  if (!read_with_beast(other, bytes, theirs)) return;
  compare(head.fields, ours, other.get(), theirs);
  WG_ASSERT(view(other.get().method_string()) == head.method_text, "the same method");
  WG_ASSERT(
      view(other.get().target()).ends_with(head.target) || head.target == "/" || head.target == "*",
      "the same target");
}

void check_response(std::string_view bytes, Method method) {
  HeadParser parser;
  ResponseHead head;
  if (parser.parse_response(bytes, method, head) != ParseStatus::complete) return;
  BodyDecoder decoder;
  const Message ours =
      testing::read_body(decoder, bytes, parser.consumed(), head.framing, head.content_length);
  if (ours.refused || head.content_length > kLongestBody) return;
  beast::response_parser<beast::string_body> other;
  other.skip(method == Method::head);
  Message theirs;
  if (!read_with_beast(other, bytes, theirs)) return;
  compare(head.fields, ours, other.get(), theirs);
  WG_ASSERT(other.get().result_int() == head.status, "the same status");
}

}  // namespace
}  // namespace warmgate::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  using warmgate::http::Method;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  if ((data[0] & 1) == 0) {
    warmgate::http::check_request(bytes);
  } else {
    warmgate::http::check_response(bytes, (data[0] & 4) != 0 ? Method::head : Method::get);
  }
  return 0;
}
