// H2ServerConnection: HTTP/2 with a client. Many requests at a time, each an H2ServerStream.
//
// Ends.   An idle connection by a GOAWAY after the keep-alive time. When the server drains: first a
//         GOAWAY that only warns, then, when the client has had the time to hear of it, one that
//         names the last request; what runs is finished (RFC 9113, 6.8).
// Client. One that ends its sending side counts as gone, as with HTTP/1.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "transport/h2_session.h"
#include "transport/server.h"

namespace warmgate::transport {

class H2ServerConnection final : public H2Session, public ServerConnection {
 public:
  H2ServerConnection(Server& server, const net::Stream& stream);

  // Its stream, of which the preface or more was read already.
  void begin(std::unique_ptr<net::Stream> stream, std::string_view begun);
  void drain() override;

 private:
  friend class H2ServerStream;
  static constexpr Duration kWarningTime = 1s;  // for the answer to the PING behind the warning

  enum class Drain : uint8_t { none, warned, last_named };

  // H2Session
  H2Stream* open_stream(int32_t id) override;
  void on_settings() override;
  void on_ping_answered() override;
  void on_fed() override;
  void on_stream_over() override;
  void on_turn() override;
  void on_over() override;

  void name_last_request();
  void on_idle();
  void on_slow_head();

  Server& server_;
  const net::Address peer_;
  const std::string peer_ip_;
  const bool secure_;
  net::Timer idle_timer_;  // armed while no stream is open; then left to fire in vain
  net::Timer head_timer_;
  net::Timer drain_timer_;
  Drain drain_ = Drain::none;
  bool settled_ = false;  // the client's SETTINGS are here
  bool flood_counted_ = false;
};

}  // namespace warmgate::transport
