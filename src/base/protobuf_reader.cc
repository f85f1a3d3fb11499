#include "base/protobuf_reader.h"

namespace warmgate {

std::optional<uint64_t> ProtobufReader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> ProtobufReader::take(uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::optional<ProtobufReader::Field> ProtobufReader::fail() {
  failed_ = true;
  rest_ = {};
  return std::nullopt;
}

std::optional<ProtobufReader::Field> ProtobufReader::next() {
  if (rest_.empty()) return std::nullopt;
  const std::optional<uint64_t> tag = varint();
  if (!tag || *tag >> 3 == 0 || *tag >> 32 != 0) return fail();
  Field field;
  field.number = static_cast<uint32_t>(*tag >> 3);
  switch (*tag & 7) {
    case 0: {
      const auto value = varint();
      if (!value) return fail();
      field.varint = *value;
      return field;
    }
    case 1:
      return take(8) ? std::optional(field) : fail();
    case 2: {
      const auto size = varint();
      const auto bytes = size ? take(*size) : std::nullopt;
      if (!bytes) return fail();
      field.bytes = *bytes;
      return field;
    }
    case 5:
      return take(4) ? std::optional(field) : fail();
    default:  // groups are gone since proto2, and 6 and 7 never existed
      return fail();
  }
}

}  // namespace warmgate
