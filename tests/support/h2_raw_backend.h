// H2RawBackend: an HTTP/2 server for scripts, which collects what it is asked and sends frames as
// bytes, good or bad: nothing keeps it from breaking the rules.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "support/h2_frames.h"
#include "support/raw_peer.h"

namespace warmgate::test {

struct H2Asked {
  H2FieldList fields;
  std::string body;
  H2FieldList trailers;
  bool complete = false;
  std::optional<uint32_t> error;  // the client has reset it

  std::string field(std::string_view name) const;
};

// One connection of such a server.
struct H2RawBackendConnection {
  explicit H2RawBackendConnection(RawPeer& its) : peer(its) {}
  RawPeer& peer;
  H2Inflater inflater;
  bool begun = false;  // the preface is here
  std::map<int32_t, H2Asked> asked;
  std::map<int32_t, size_t> granted;  // by WINDOW_UPDATE
  size_t pings = 0;
  size_t settings_acknowledged = 0;
  bool went_away = false;  // the client has said GOAWAY
  uint32_t goaway_error = 0;

  void send(std::string_view bytes) { peer.send(bytes); }
  void answer(int32_t stream, std::string_view body = "hello");
};

class H2RawBackend {
 public:
  struct Habits {
    std::string settings = h2_frame(NGHTTP2_SETTINGS, 0, 0, "");  // sent first
    bool answers = false;  // complete requests with 200 and "hello"
    bool grants = true;    // gives windows back as it reads
    bool answers_pings = true;
  };
  H2RawBackend(net::Loop& loop, const net::Address& at) : H2RawBackend(loop, at, Habits{}) {}
  H2RawBackend(net::Loop& loop, const net::Address& at, Habits habits);

  size_t accepted() const { return connections_.size(); }
  H2RawBackendConnection& connection(size_t index);
  H2RawBackendConnection& last() { return connections_.back(); }
  size_t asked() const;  // on all connections together
  Habits& habits() { return habits_; }
  RawServer& server() { return server_; }

 private:
  H2RawBackendConnection& of(RawPeer& peer);
  void feed(H2RawBackendConnection& connection);
  void on_frame(H2RawBackendConnection& connection, const H2Frame& frame);

  Habits habits_;
  std::list<H2RawBackendConnection> connections_;
  RawServer server_;
};

}  // namespace warmgate::test
