#include "support/h2_frames.h"

#include "base/assert.h"

namespace warmgate::test {
namespace {

constexpr size_t kFrameHead = 9;

void put(std::string& out, uint32_t value, int bits) {
  for (bits -= 8; bits >= 0; bits -= 8) out.push_back(static_cast<char>(value >> bits));
}

uint32_t read_number(std::string_view bytes) {
  uint32_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

std::string h2_frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload) {
  std::string out;
  put(out, static_cast<uint32_t>(payload.size()), 24);
  put(out, type, 8);
  put(out, flags, 8);
  put(out, static_cast<uint32_t>(stream), 32);
  return out.append(payload);
}

std::string h2_number(uint32_t value) {
  std::string out;
  put(out, value, 32);
  return out;
}

std::string h2_block(const H2FieldList& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block += '\x10';
    for (const std::string& text : {name, value}) block += static_cast<char>(text.size()) + text;
  }
  return block;
}

std::string h2_head(int32_t stream, const H2FieldList& fields, bool ends) {
  const uint8_t end = ends ? NGHTTP2_FLAG_END_STREAM : 0;
  return h2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | end, stream, h2_block(fields));
}

std::string h2_settings(uint16_t id, uint32_t value) {
  std::string payload;
  put(payload, id, 16);
  put(payload, value, 32);
  return h2_frame(NGHTTP2_SETTINGS, 0, 0, payload);
}

uint32_t H2Frame::number(size_t at) const {
  return read_number(payload.substr(at, 4));
}

bool take_h2_frame(std::string_view& input, H2Frame& frame) {
  if (input.size() < kFrameHead) return false;
  const size_t size = read_number(input.substr(0, 3));
  if (input.size() < kFrameHead + size) return false;
  frame = {static_cast<uint8_t>(input[3]), static_cast<uint8_t>(input[4]),
           static_cast<int32_t>(read_number(input.substr(5, 4))), input.substr(kFrameHead, size)};
  input.remove_prefix(kFrameHead + size);
  return true;
}

H2Inflater::H2Inflater() {
  WG_ASSERT(nghttp2_hd_inflate_new(&inflater_) == 0, "out of memory");
}

H2Inflater::~H2Inflater() {
  nghttp2_hd_inflate_del(inflater_);
}

H2FieldList H2Inflater::inflate(std::string_view block) {
  H2FieldList fields;
  const auto* data = reinterpret_cast<const uint8_t*>(block.data());
  size_t size = block.size();
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field;
    const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, data, size, 1);
    WG_ASSERT(used >= 0, "the other side's head cannot be decoded");
    data += used;
    size -= static_cast<size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    fields.emplace_back(std::string(reinterpret_cast<const char*>(field.name), field.namelen),
                        std::string(reinterpret_cast<const char*>(field.value), field.valuelen));
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  return fields;
}

}  // namespace warmgate::test
