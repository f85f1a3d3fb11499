// H1ClientConnection: HTTP/1 with a backend. One transaction at a time, many one after another.
#pragma once

#include <memory>
#include <string>

#include "http/body_decoder.h"
#include "http/head_parser.h"
#include "transport/client_pool.h"
#include "transport/receive_buffer.h"
#include "transport/send_buffer.h"
#include "transport/transaction.h"

namespace warmgate::transport {

class H1ClientConnection final : public ClientTransaction,
                                 public ClientConnection,
                                 private net::StreamObserver,
                                 private net::Deferred {
 public:
  // Of a connected stream. Either begin() or rest() follows.
  H1ClientConnection(ClientPool& pool, std::unique_ptr<net::Stream> stream);
  ~H1ClientConnection() override;

  void begin(ClientHandler& handler);
  void rest();  // without a transaction

  // ClientConnection
  net::Address peer() const override { return stream_->peer(); }
  void retire() override;

  // ClientTransaction
  bool connected() const override { return true; }
  void send_head(const OutgoingRequest& request) override;
  bool send_body(std::string_view piece) override;
  void send_end(std::span<const http::Field> trailers) override;
  void read_body() override;
  void pause_body() override { paused_ = true; }
  void cancel() override;

 private:
  friend class ClientPool;
  static constexpr int kReadsPerEvent = 4;     // then other connections have their turn
  static constexpr Duration kFlushTime = 30s;  // for the last bytes of a tunnel that is over

  enum class Phase : uint8_t { idle, head, body, flushing, closed };

  // net::StreamObserver and net::Deferred
  void on_connected(int) override {}
  void on_readable() override { read_more(); }
  void on_writable() override;
  void run() override;

  void read_more();
  void process();
  bool process_head();
  bool process_body();
  void on_peer_end();
  void begin_tunnel();
  void end_tunnel();
  void flush();
  void finish();
  void fail(FailureKind kind, std::string detail);
  void close();
  void on_timeout();

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  ClientHandler* handler_ = nullptr;
  ReceiveBuffer received_;
  SendBuffer send_;
  http::HeadParser parser_;
  http::BodyDecoder body_;
  net::Timer timer_;     // without a transaction, which has its caller's limits
  std::string upgrade_;  // the protocol that was asked for

  Phase phase_ = Phase::idle;
  http::Method method_ = http::Method::get;
  http::Framing request_framing_ = http::Framing::none;
  bool keep_alive_ = true;     // as far as the response says
  bool request_sent_ = false;  // send_end() was called, of a tunnel for its bytes
  bool bytes_sent_ = false;    // of the present transaction
  bool reused_ = false;
  bool served_ = false;  // at least one transaction was completed
  bool tunnel_ = false;
  bool read_ended_ = false;  // of a tunnel: the backend's direction has ended
  bool shut_down_ = false;   // of a tunnel: the backend was told of our direction's end
  bool paused_ = false;
  bool blocked_ = false;
  bool full_ = false;
  bool more_to_read_ = false;
  bool processing_ = false;
};

}  // namespace warmgate::transport
