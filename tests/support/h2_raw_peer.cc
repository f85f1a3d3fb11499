#include "support/h2_raw_peer.h"

#include "base/assert.h"

namespace warmgate::test {
namespace {

constexpr size_t kFrameHead = 9;

uint32_t number(std::string_view bytes) {
  uint32_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

H2RawPeer::H2RawPeer(net::Loop& loop, const net::Address& to) : peer_(loop, to) {
  WG_ASSERT(nghttp2_hd_inflate_new(&inflater_) == 0, "out of memory");
  peer_.on_input = [this](RawPeer&) { feed(); };
  send(kH2Preface);
  send(h2_frame(NGHTTP2_SETTINGS, 0, 0, ""));
}

H2RawPeer::~H2RawPeer() {
  nghttp2_hd_inflate_del(inflater_);
}

void H2RawPeer::feed() {
  std::string input = peer_.received();
  peer_.clear_received();
  std::string_view rest = input;
  while (rest.size() >= kFrameHead) {
    const size_t size = number(rest.substr(0, 3));
    if (rest.size() < kFrameHead + size) break;
    on_frame(static_cast<uint8_t>(rest[3]), static_cast<uint8_t>(rest[4]),
             static_cast<int32_t>(number(rest.substr(5, 4))), rest.substr(kFrameHead, size));
    rest.remove_prefix(kFrameHead + size);
  }
  peer_.put_back(rest);
}

void H2RawPeer::on_frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload) {
  H2Response& response = responses_[stream];
  const bool ack = (flags & NGHTTP2_FLAG_ACK) != 0;
  const bool ends = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (type) {
    case NGHTTP2_SETTINGS:
      if (!ack) send(h2_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));
      break;
    case NGHTTP2_HEADERS:
      inflate(response, payload);
      response.complete = ends;
      break;
    case NGHTTP2_DATA:
      response.body.append(payload);
      response.complete = ends;
      break;
    case NGHTTP2_RST_STREAM:
      response.error = number(payload);
      break;
    case NGHTTP2_GOAWAY:
      ++goaways_;
      goaway_error_ = number(payload.substr(4, 4));
      break;
    default:
      break;
  }
}

void H2RawPeer::inflate(H2Response& response, std::string_view block) {
  const auto* data = reinterpret_cast<const uint8_t*>(block.data());
  size_t size = block.size();
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field;
    const ssize_t used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, data, size, 1);
    WG_ASSERT(used >= 0, "the server's head cannot be decoded");
    data += used;
    size -= static_cast<size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    const std::string name(reinterpret_cast<const char*>(field.name), field.namelen);
    const std::string value(reinterpret_cast<const char*>(field.value), field.valuelen);
    if (name == ":status") response.status = std::stoi(value);
    response.fields.emplace_back(name, value);
  }
  nghttp2_hd_inflate_end_headers(inflater_);
}

}  // namespace warmgate::test
