// ScriptedBackend: an HTTP server of the tests behind the gateway. It records what it is asked, and
// answers by itself or as a test tells it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/memory_network.h"
#include "transport/server.h"

namespace warmgate::test {

using FieldTexts = std::vector<std::pair<std::string, std::string>>;

class ScriptedBackend;

// One request that a backend got, and the way to answer it.
class Call final : public transport::ServerHandler {
 public:
  Call(ScriptedBackend& backend, const http::RequestHead& head,
       transport::ServerTransaction& transaction);
  ~Call() override;

  std::string method, target, host;
  FieldTexts fields;
  std::string body;
  FieldTexts trailers;
  Instant arrived_at{};
  bool complete = false;     // the whole request is here
  bool tunnel = false;       // `body` is what came through it
  bool input_ended = false;  // the gateway's direction of a tunnel
  bool gone = false;         // the gateway took it back

  std::string field(std::string_view name) const;  // the first such, or empty
  bool over() const { return transaction_ == nullptr; }

  // All of these do nothing once the call is over.
  void answer(uint16_t status, std::string_view text, const FieldTexts& more = {});
  void answer_after(Duration time, uint16_t status, const std::string& text,
                    const FieldTexts& more = {});
  void send_head(uint16_t status, const FieldTexts& more, http::BodyLength length);
  bool send(std::string_view piece);
  void end(const FieldTexts& with_trailers = {});
  void switch_protocols(std::string_view protocol, const FieldTexts& more = {});
  void end_output();  // our direction of a tunnel
  void abort();       // resets the connection
  void read_body();
  void pause_body();
  void lose() { transaction_ = nullptr; }  // the server is no more

  std::function<void()> on_room;  // send() said false, and now there is room

 private:
  void on_body(std::string_view piece) override;
  void on_request_end(std::span<const http::Field> fields) override;
  void on_writable() override;
  void on_gone() override;

  ScriptedBackend& backend_;
  transport::ServerTransaction* transaction_;
  bool output_ended_ = false;
};

class ScriptedBackend final : public transport::Application {
 public:
  ScriptedBackend(MemoryLoop& loop, const net::Address& at);
  ~ScriptedBackend() override { kill(); }

  // What a request that is complete leads to; by default, "pong" after `service_time`.
  std::function<void(Call&)> on_call;
  std::function<void(Call&)> on_head;  // instead, when the head is here
  Duration service_time = 20ms;
  bool answers_probes = true;  // GETs of the health path, not recorded among the calls
  uint16_t health_status = 200;
  std::string metadata;      // what it says of its model; empty = 404
  bool reads_bodies = true;  // false: until the test says so
  std::string instance;      // of the field warmgate-instance; empty = none

  std::deque<std::unique_ptr<Call>> calls;
  uint64_t probes = 0, metadata_requests = 0;

  size_t open_calls() const;
  Call& last() { return *calls.back(); }
  void kill();  // all connections end, nobody listens
  void restart();
  MemoryLoop& loop() { return loop_; }
  const net::Address& address() const { return address_; }

 private:
  friend class Call;
  void on_request(const http::RequestHead& head,
                  transport::ServerTransaction& transaction) override;
  void took(Call& call);

  MemoryLoop& loop_;
  net::Address address_;
  std::unique_ptr<transport::Server> server_;
};

}  // namespace warmgate::test
