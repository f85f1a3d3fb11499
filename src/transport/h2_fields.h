// H2Fields: fields as nghttp2 takes them, which copies them and makes their names lower-case.
#pragma once

#include <nghttp2/nghttp2.h>

#include <charconv>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace warmgate::transport {

// A number as a field's value, for as long as this lives.
class NumberText {
 public:
  explicit NumberText(uint64_t number)
      : end_(std::to_chars(digits_, digits_ + sizeof(digits_), number).ptr) {}
  std::string_view view() const { return {digits_, static_cast<size_t>(end_ - digits_)}; }

 private:
  char digits_[20];
  char* end_;
};

class H2Fields {
 public:
  // The views live until the fields were submitted.
  void add(std::string_view name, std::string_view value,
           http::FieldName id = http::FieldName::other) {
    // Connections to a backend are shared: one client's credentials shall not stay in the table
    // that the next one's fields are compressed with (RFC 7541, 7.1).
    const uint8_t flags =
        id == http::FieldName::authorization ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
    items_.push_back({bytes(name), bytes(value), name.size(), value.size(), flags});
  }
  void add(std::span<const http::Field> fields) {
    for (const http::Field& field : fields) add(field.name, field.value, field.id);
  }
  const nghttp2_nv* data() const { return items_.data(); }
  size_t size() const { return items_.size(); }

 private:
  // nghttp2 writes to neither.
  static uint8_t* bytes(std::string_view text) {
    return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
  }
  std::vector<nghttp2_nv> items_;
};

class H2Stream;

// The body that a stream has to send, for a head that is submitted with it.
nghttp2_data_provider h2_output_of(H2Stream& stream);

}  // namespace warmgate::transport
