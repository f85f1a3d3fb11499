// H2ClientStream: one request to a backend and its response, on an H2ClientConnection.
//
// Life.  Its response may be complete, and closed for nghttp2, while the handler still pauses: it
//        lives on until all of it was handed over.
#pragma once

#include "http/message.h"
#include "transport/h2_stream.h"
#include "transport/transaction.h"

namespace warmgate::transport {

class H2ClientConnection;

class H2ClientStream final : public H2Stream, public ClientTransaction {
 public:
  H2ClientStream(H2ClientConnection& connection, ClientHandler& handler, bool reused);

  // ClientTransaction
  bool connected() const override { return true; }
  void send_head(const OutgoingRequest& request) override;
  bool send_body(std::string_view piece) override { return put_body(piece); }
  void send_end(std::span<const http::Field> trailers) override;
  void read_body() override { read_input(); }
  void pause_body() override { pause_input(); }
  void cancel() override;

 private:
  // H2Stream
  void on_block(http::HeaderBlock& block, bool ends) override;
  void on_piece(std::string_view piece) override;
  void on_input_end(std::span<const http::Field> trailers) override;
  void on_room() override;
  void on_head_sent() override { head_sent_ = true; }
  void on_all_sent() override { all_sent_ = true; }
  void on_head_refused(int error) override;
  void on_reset_by_peer() override { reset_by_peer_ = true; }
  void on_closed(uint32_t error) override;
  bool outlives_its_end() const override { return handler_ != nullptr; }

  void break_off(std::string detail);

  H2ClientConnection& connection_;
  ClientHandler* handler_;
  std::string problem_;  // that we found in the response, or in our own request
  uint64_t fed_before_ = 0;
  const bool reused_;
  http::Method method_ = http::Method::get;
  bool bodyless_ = false;   // HEADERS is all that the request has
  bool head_sent_ = false;  // HEADERS is on its way
  bool all_sent_ = false;   // ... and all of the request
  bool answered_ = false;   // the response's head is here
  bool reset_by_peer_ = false;
};

}  // namespace warmgate::transport
