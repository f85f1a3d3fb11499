// H2ClientConnection: HTTP/2 with a backend. Many transactions at a time, each an H2ClientStream.
//
// Bounds. As many streams as the backend allows, and max_streams of ours (H2Limits).
// Ends.   An idle connection by a GOAWAY after the keep-alive time. The backend's GOAWAY lets what
//         runs go on, and what it says that it will not touch is repeated elsewhere by who asked.
// Doubt.  A transaction that is given up before a byte of the connection came since it began may
//         have met a dead connection, on which the next ones would wait in vain, too: a PING asks,
//         and when nothing comes for kDoubtTime the connection is over. At most one between two
//         answers: servers of gRPC take more for an attack.
#pragma once

#include <memory>

#include "transport/client_pool.h"
#include "transport/h2_session.h"

namespace warmgate::transport {

class H2ClientConnection final : public H2Session, public ClientConnection {
 public:
  // Of a connected stream.
  H2ClientConnection(ClientPool& pool, std::unique_ptr<net::Stream> stream);

  size_t room() const;  // for so many more transactions
  bool idle() const { return open() && !retired_ && streams().empty(); }
  ClientTransaction& begin(ClientHandler& handler);

  // ClientConnection
  net::Address peer() const override { return peer_; }
  void retire() override;

 private:
  friend class H2ClientStream;
  static constexpr Duration kDoubtTime = 5s;

  // H2Session
  void on_goaway(int32_t last_stream, uint32_t error) override;
  void on_fed() override;
  void on_stream_over() override;
  void on_turn() override;
  void on_over() override;

  bool secure() const { return secure_; }
  uint64_t bytes_fed() const { return fed_; }
  void note_answer() { asked_ = false; }
  void doubt();

  const net::Address peer_;
  const bool secure_;
  net::Timer idle_timer_;   // armed while no stream is open; then left to fire in vain
  net::Timer doubt_timer_;  // armed while in doubt
  uint64_t fed_ = 0;        // how often bytes came
  bool asked_ = false;      // by PING, since the last answer
  bool served_ = false;
  bool retired_ = false;  // no further transaction begins here
};

}  // namespace warmgate::transport
