// ProtobufReader walks over the fields of one serialised Protocol Buffers message, without a
// schema.
//
// Bounds.   Never reads outside its bytes; a malformed message ends the walk with failed() true.
// Source.   https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace warmgate {

class ProtobufReader {
 public:
  struct Field {
    uint32_t number = 0;
    uint64_t varint = 0;     // the value of a varint field; 0 for the other wire types
    std::string_view bytes;  // the value of a length-delimited field: string, bytes or message
  };

  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  // The next field; nullopt at the end of the message or at the first malformed byte.
  std::optional<Field> next();
  bool failed() const { return failed_; }

 private:
  std::optional<uint64_t> varint();
  std::optional<std::string_view> take(uint64_t size);
  std::optional<Field> fail();

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace warmgate
