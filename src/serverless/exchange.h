// Exchange: one request, from its head to the end of its response, between a client and an
// instance. It streams both ways with back-pressure and decides nothing: the pool does.
//
// Phases.      waiting -> assigned -> over. An assigned one waits again when its connection could
//              not be made and what was read of its body is still here.
// Connections. One to the instance for each request: an instance that closes idle connections
//              early, or serves only one at a time, is then as good as any.
// Tunnels.     After a 101 the bodies are the bytes of another protocol, and each direction ends
// for
//              itself.
// Events.      Told to the owner, which acts on them later, not from within the call.
// Thread.      All on the loop's thread. To be destroyed outside of any call into it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "net/loop.h"
#include "serverless/events.h"
#include "serverless/stored_head.h"
#include "transport/client_pool.h"
#include "transport/transaction.h"

namespace warmgate::serverless {

class ExchangeOwner {
 public:
  virtual ~ExchangeOwner() = default;
  virtual void tell(const Event& event) = 0;
};

// Answers with a short text for people.
void send_text(transport::ServerTransaction& client, http::Method method, uint16_t status,
               std::string_view reason, std::string_view text);

class Exchange {
 public:
  // At most `max_body` bytes of request body are let through; more is answered with 413.
  Exchange(net::Loop& loop, ExchangeOwner& owner, RequestId id, const http::RequestHead& head,
           transport::ServerTransaction& client, uint64_t max_body,
           transport::ClientProtocol protocol);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // No effect once it is over: the client may have left meanwhile.
  void assign(const net::Address& instance);
  void refuse(Refusal refusal);
  bool over() const { return client_ == nullptr; }

 private:
  // Kept of the request body until the instance answers, in case it must go to another one.
  static constexpr size_t kReplayBytes = 64 * 1024;

  struct ClientSide final : transport::ServerHandler {
    explicit ClientSide(Exchange& e) : exchange(e) {}
    void on_body(std::string_view piece) override { exchange.on_request_body(piece); }
    void on_request_end(std::span<const http::Field> trailers) override {
      exchange.on_request_end(trailers);
    }
    void on_writable() override;
    void on_gone() override { exchange.on_client_gone(); }
    Exchange& exchange;
  };
  struct InstanceSide final : transport::ClientHandler {
    explicit InstanceSide(Exchange& e) : exchange(e) {}
    void on_connected(transport::ClientTransaction& transaction) override {
      exchange.instance_ = &transaction;
    }
    void on_interim(const http::ResponseHead& head) override;
    void on_response(const http::ResponseHead& head) override { exchange.on_response(head); }
    void on_body(std::string_view piece) override;
    void on_response_end(std::span<const http::Field> trailers) override {
      exchange.on_response_end(trailers);
    }
    void on_writable() override;
    void on_failed(const transport::Failure& failure) override { exchange.on_failed(failure); }
    Exchange& exchange;
  };

  void on_request_body(std::string_view piece);
  void on_request_end(std::span<const http::Field> trailers);
  void on_client_gone();
  void on_response(const http::ResponseHead& head);
  void on_response_end(std::span<const http::Field> trailers);
  void on_failed(const transport::Failure& failure);

  void keep_for_replay(std::string_view piece);
  void fail(uint16_t status, std::string_view reason, std::string_view text);
  void finish_tunnel();
  void let_go_of_instance();

  net::Loop& loop_;
  ExchangeOwner& owner_;
  const RequestId id_;
  const StoredHead head_;
  const uint64_t max_body_;
  const transport::ClientProtocol protocol_;
  ClientSide client_side_{*this};
  InstanceSide instance_side_{*this};
  transport::ServerTransaction* client_;              // nullptr: over
  std::optional<transport::ClientPool> connection_;   // of the present assignment
  transport::ClientTransaction* instance_ = nullptr;  // nullptr: not assigned, or done with it
  uint64_t body_bytes_ = 0;
  bool request_ended_ = false;
  bool tunnel_ = false;
  bool instance_ended_ = false;  // its direction of the tunnel
  bool replay_complete_ = true;  // replay_ holds all of the body that was read
  std::string replay_;
};

}  // namespace warmgate::serverless
