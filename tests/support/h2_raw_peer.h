// H2RawPeer: an HTTP/2 client that sends frames as bytes, good or bad, and only reads what comes
// back: nothing keeps it from breaking the rules.
#pragma once

#include <map>
#include <string_view>

#include "support/h2_peer.h"

namespace warmgate::test {

class H2RawPeer {
 public:
  // Sends the preface and empty SETTINGS; acknowledges the other side's.
  H2RawPeer(net::Loop& loop, const net::Address& to);

  void send(std::string_view bytes) { peer_.send(bytes); }
  RawPeer& peer() { return peer_; }
  bool over() const { return peer_.over(); }
  H2Response& response(int32_t stream) { return responses_[stream]; }
  int goaways() const { return goaways_; }
  uint32_t goaway_error() const { return goaway_error_; }

 private:
  void feed();
  void on_frame(const H2Frame& frame);

  RawPeer peer_;
  H2Inflater inflater_;
  std::map<int32_t, H2Response> responses_;
  int goaways_ = 0;
  uint32_t goaway_error_ = 0;
};

}  // namespace warmgate::test
