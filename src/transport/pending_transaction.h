// PendingTransaction: a transaction whose connection is not open yet. It keeps what is sent, and
// hands it to the transaction that takes its place: which protocol that speaks may be known only
// after a TLS handshake.
//
// Bounds.  send_body() says "full" from kSendHigh bytes on.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "http/field_store.h"
#include "transport/transaction.h"

namespace warmgate::transport {

class PendingTransaction final : public ClientTransaction {
 public:
  using List = std::list<std::unique_ptr<PendingTransaction>>;

  explicit PendingTransaction(ClientHandler& handler) : handler_(handler) {}
  // Puts a new one into a list, or moves one there from another list.
  static PendingTransaction& add(List& list, ClientHandler& handler);
  static void move(List& from, List& to);  // the first

  // For the pool, which has taken this out of its list.
  ClientHandler& handler() { return handler_; }
  void hand_over(ClientTransaction& to);

  // ClientTransaction
  bool connected() const override { return false; }
  void send_head(const OutgoingRequest& request) override;
  bool send_body(std::string_view piece) override;
  void send_end(std::span<const http::Field> trailers) override;
  void read_body() override { paused_ = false; }
  void pause_body() override { paused_ = true; }
  void cancel() override;  // destroys this

 private:
  ClientHandler& handler_;
  List* list_ = nullptr;
  List::iterator self_;
  http::FieldStore texts_;
  OutgoingRequest head_;
  std::string body_;
  http::FieldStore trailers_;
  bool head_sent_ = false;
  bool ended_ = false;
  bool paused_ = false;
  bool full_ = false;
};

}  // namespace warmgate::transport
