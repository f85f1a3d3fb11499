// H2ServerStream: one request and its response on an H2ServerConnection.
#pragma once

#include "net/timer.h"
#include "transport/h2_stream.h"
#include "transport/transaction.h"

namespace warmgate::transport {

class H2ServerConnection;

class H2ServerStream final : public H2Stream, public ServerTransaction {
 public:
  explicit H2ServerStream(H2ServerConnection& connection);

  // ServerTransaction
  void set_handler(ServerHandler* handler) override { handler_ = handler; }
  void read_body() override;
  void pause_body() override { pause_input(); }
  void send_interim(uint16_t status, std::span<const http::Field> fields) override;
  void send_head(uint16_t status, std::span<const http::Field> fields,
                 http::BodyLength length) override;
  bool send_body(std::string_view piece) override;
  void send_end(std::span<const http::Field> trailers) override;
  void abort() override;
  bool head_sent() const override { return head_sent_; }
  const net::Address& peer() const override;
  std::string_view peer_ip() const override;
  bool secure() const override;

 private:
  // H2Stream
  void on_block(http::HeaderBlock& block, bool ends) override;
  void on_piece(std::string_view piece) override;
  void on_input_end(std::span<const http::Field> trailers) override;
  void on_room() override;
  void on_progress() override;
  void on_all_sent() override;
  void on_closed(uint32_t error) override;

  void begin(http::HeaderBlock& block, bool ends);
  void refuse(const http::ParseError& error);
  void lose(uint32_t error);
  Duration time_limit() const;
  void on_timeout();

  H2ServerConnection& connection_;
  ServerHandler* handler_ = nullptr;
  net::Timer timer_;
  bool begun_ = false;          // the request's head is here
  bool body_expected_ = false;  // body bytes of the request may come, or came
  bool head_request_ = false;
  bool owes_continue_ = false;  // `Expect: 100-continue` not answered yet
  bool head_sent_ = false;
  bool bodyless_ = false;  // the response has no body
  bool ended_ = false;     // send_end() was called
};

}  // namespace warmgate::transport
