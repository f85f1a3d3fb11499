#include "support/h2_raw_peer.h"

namespace warmgate::test {

H2RawPeer::H2RawPeer(net::Loop& loop, const net::Address& to) : peer_(loop, to) {
  peer_.on_input = [this](RawPeer&) { feed(); };
  send(kH2Preface);
  send(h2_frame(NGHTTP2_SETTINGS, 0, 0, ""));
}

void H2RawPeer::feed() {
  const std::string input = peer_.received();
  peer_.clear_received();
  std::string_view rest = input;
  for (H2Frame frame; take_h2_frame(rest, frame);) on_frame(frame);
  peer_.put_back(rest);
}

void H2RawPeer::on_frame(const H2Frame& frame) {
  H2Response& response = responses_[frame.stream];
  switch (frame.type) {
    case NGHTTP2_SETTINGS:
      if (frame.has(NGHTTP2_FLAG_ACK)) break;
      send(h2_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));
      break;
    case NGHTTP2_HEADERS:
      for (auto& [name, value] : inflater_.inflate(frame.payload)) {
        if (name == ":status") response.status = std::stoi(value);
        response.fields.emplace_back(name, value);
      }
      response.complete = frame.has(NGHTTP2_FLAG_END_STREAM);
      break;
    case NGHTTP2_DATA:
      response.body.append(frame.payload);
      response.complete = frame.has(NGHTTP2_FLAG_END_STREAM);
      break;
    case NGHTTP2_RST_STREAM:
      response.error = frame.number();
      break;
    case NGHTTP2_GOAWAY:
      ++goaways_;
      goaway_error_ = frame.number(4);
      break;
    default:
      break;
  }
}

}  // namespace warmgate::test
