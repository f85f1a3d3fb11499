// H1ServerConnection: HTTP/1 with a client. One request at a time; pipelined ones wait their turn.
//
// Phases of a request, in the order in which they are read in the .cc file:
//
//   head -> body -> (response is being sent) -> next head, or linger, or end
//
// A client that begins with HTTP/2's preface is handed on to an H2ServerConnection.
//
// The request body and the response overlap freely. A client that ends its sending side before its
// response is complete counts as gone, as with most proxies: a half-closed client cannot be told
// from one that left, and nothing should be computed for the latter. In a tunnel (after a 101) it
// is that direction's end, as on any connection.
//
// After any other answer to a request that wants a tunnel the connection ends: what its client has
// sent ahead may be the other protocol, and must never be taken for a request.
#pragma once

#include <memory>

#include "http/body_decoder.h"
#include "http/head_parser.h"
#include "transport/receive_buffer.h"
#include "transport/send_buffer.h"
#include "transport/server.h"
#include "transport/transaction.h"

namespace warmgate::transport {

class H1ServerConnection final : public ServerTransaction,
                                 public ServerConnection,
                                 private net::StreamObserver,
                                 private net::Deferred {
 public:
  H1ServerConnection(Server& server, std::unique_ptr<net::Stream> stream);
  ~H1ServerConnection() override;

  void drain() override;

  // ServerTransaction
  void set_handler(ServerHandler* handler) override { handler_ = handler; }
  void read_body() override;
  void pause_body() override;
  bool holds_body(uint64_t bytes) const override { return bytes <= behind_head_; }
  void send_interim(uint16_t status, std::span<const http::Field> fields) override;
  void send_head(uint16_t status, std::span<const http::Field> fields,
                 http::BodyLength length) override;
  void switch_protocols(std::string_view protocol, std::span<const http::Field> fields) override;
  bool send_body(std::string_view piece) override;
  void send_end(std::span<const http::Field> trailers) override;
  void abort() override;
  bool head_sent() const override { return head_sent_; }
  const net::Address& peer() const override { return peer_; }
  std::string_view peer_ip() const override { return peer_ip_; }
  bool secure() const override { return secure_; }

 private:
  static constexpr size_t kPipelineBytes = 64 * 1024;  // read ahead while a response is awaited
  static constexpr size_t kLingerBytes = 1024 * 1024;  // discarded after an early response
  static constexpr Duration kLingerTime = 2s;
  static constexpr size_t kDiscardBytes = 64 * 1024;  // of a body, after its response
  static constexpr int kReadsPerEvent = 4;            // then other connections have their turn

  enum class Phase : uint8_t { head, request, linger, closed };

  // net::StreamObserver and net::Deferred
  void on_connected(int) override {}
  void on_readable() override;
  void on_writable() override;
  void on_end_arrived() override { end_arrived_ = true; }
  void run() override;

  void read_more();
  void process();
  bool process_head();
  [[gnu::noinline]] void refuse_or_become_h2(std::string_view input);
  [[gnu::noinline]] bool begins_as_agreed();
  bool process_body();
  void refuse(const http::ParseError& error);
  void on_peer_end();
  void on_tunnel_end();
  void flush();
  void finish_exchange();
  void linger();
  void close();
  void close_if_idle();
  void lose_client();
  Duration time_limit() const;
  void arm_timer();
  void on_timeout();
  bool input_wanted() const;
  bool discards() const;
  bool exchange_open() const { return phase_ == Phase::request && !response_ended_; }

  Server& server_;
  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  net::Address peer_;
  std::string peer_ip_;
  const bool secure_;
  ServerHandler* handler_ = nullptr;
  ReceiveBuffer received_;
  SendBuffer send_;
  http::HeadParser parser_;
  http::BodyDecoder body_;
  net::Timer timer_;
  size_t lingered_ = 0;
  size_t discarded_ = 0;
  size_t behind_head_ = 0;  // bytes that came with the head, during on_request()

  Phase phase_ = Phase::head;
  http::Framing response_framing_ = http::Framing::none;
  bool fresh_ = true;  // no head was complete yet
  bool http_1_0_ = false;
  bool head_begun_ = false;  // some bytes of a head are here, not all
  bool head_request_ = false;
  bool close_after_ = false;    // no further request on this connection
  bool body_pending_ = false;   // body bytes of the request are still to come
  bool reading_body_ = false;   // the application wants them now
  bool small_body_ = false;     // of the request, by its own word
  bool owes_continue_ = false;  // `Expect: 100-continue` not answered yet
  bool head_sent_ = false;
  bool response_ended_ = false;  // send_end() was called
  bool bodyless_ = false;        // the response has no body on the wire
  bool blocked_ = false;         // the kernel's send buffer is full
  bool full_ = false;            // send_body() said so: on_writable() is owed
  bool tunnel_ = false;          // switch_protocols() was called
  bool write_ended_ = false;     // of a tunnel: send_end() was called
  bool shut_down_ = false;       // ... and the client was told
  bool peer_ended_ = false;
  bool end_arrived_ = false;   // the client's end waits behind what was not read yet
  bool more_to_read_ = false;  // the last event stopped before the stream was empty
  bool processing_ = false;
};

}  // namespace warmgate::transport
