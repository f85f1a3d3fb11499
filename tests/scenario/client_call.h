// ClientCall: one request through a ClientPool, with honest flow control, and what came of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "transport/client_pool.h"

namespace warmgate::test {

class ClientCall final : public transport::ClientHandler {
 public:
  struct Request {
    std::string method = "GET";
    std::string target = "/";
    std::string body{};
    bool chunked = false;
    std::string trailer{};  // the value of a field "t"
    std::vector<std::pair<std::string, std::string>> fields{};
    bool takes_trailers = false;
    transport::ClientPool::Need need = transport::ClientPool::Need::any;
  };

  ClientCall(net::Loop& loop, transport::ClientPool& pool, const Request& request);
  ~ClientCall() override { cancel(); }

  void cancel();
  void pause() { transaction_->pause_body(); }
  void resume() { transaction_->read_body(); }
  // From now on every piece of the response's body is followed by such a pause.
  void read_slowly(Duration pause) { slowness_ = pause; }

  bool over() const { return transaction_ == nullptr; }
  bool succeeded() const { return over() && complete_; }
  const std::optional<transport::Failure>& failure() const { return failure_; }
  const std::vector<int>& interim() const { return interim_; }
  int status() const { return status_; }
  int writable_calls() const { return writable_calls_; }
  const std::string& body() const { return body_; }
  const std::vector<std::pair<std::string, std::string>>& trailers() const { return trailers_; }

  std::function<void()> on_head;  // may cancel
  std::function<void()> on_over;

 private:
  void on_connected(transport::ClientTransaction& transaction) override {
    transaction_ = &transaction;
  }
  void on_interim(const http::ResponseHead& head) override { interim_.push_back(head.status); }
  void on_response(const http::ResponseHead& head) override;
  void on_body(std::string_view piece) override;
  void on_response_end(std::span<const http::Field> trailers) override;
  void on_writable() override {
    ++writable_calls_;
    send_more();
  }
  void on_failed(const transport::Failure& failure) override;
  void send_more();

  Request request_;
  size_t sent_ = 0;
  bool sent_all_ = false;
  transport::ClientTransaction* transaction_;  // nullptr when over
  Duration slowness_{};
  net::Timer resume_;
  std::vector<int> interim_;
  int status_ = 0;
  int writable_calls_ = 0;
  std::string body_;
  std::vector<std::pair<std::string, std::string>> trailers_;
  bool complete_ = false;
  std::optional<transport::Failure> failure_;
};

}  // namespace warmgate::test
