// HTTP/2 frames as bytes, for peers in tests that may break any rule.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warmgate::test {

using H2FieldList = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// The bytes of one frame.
std::string h2_frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload);
std::string h2_number(uint32_t value);  // of 32 bits, as frames have it
// A header block of literals that no table remembers. Names and values are shorter than 127 bytes.
std::string h2_block(const H2FieldList& fields);
// A whole head in one HEADERS frame.
std::string h2_head(int32_t stream, const H2FieldList& fields, bool ends);
// One parameter of SETTINGS.
std::string h2_settings(uint16_t id, uint32_t value);

struct H2Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  int32_t stream = 0;
  std::string_view payload;

  bool has(uint8_t flag) const { return (flags & flag) != 0; }
  uint32_t number(size_t at = 0) const;  // of 32 bits in the payload
};

// Takes the first frame away from `input`; false when it is not whole.
bool take_h2_frame(std::string_view& input, H2Frame& frame);

// Decodes the header blocks of one connection, in their order.
class H2Inflater {
 public:
  H2Inflater();
  ~H2Inflater();
  H2Inflater(const H2Inflater&) = delete;
  H2Inflater& operator=(const H2Inflater&) = delete;

  H2FieldList inflate(std::string_view block);

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace warmgate::test
