// StartupProbe asks once whether an instance can serve: by a TCP connection, or by a GET that must
// be answered with 2xx.
//
// Calls.   `done` once, never from within the constructor. Destruction ends it without a call; not
//          from within `done`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "transport/client_pool.h"
#include "transport/transaction.h"

namespace warmgate::serverless {

class StartupProbe final : private net::StreamObserver, private transport::ClientHandler {
 public:
  // Without `http_path`, a TCP connection is enough.
  StartupProbe(net::Loop& loop, const net::Address& instance,
               const std::optional<std::string>& http_path, transport::ClientProtocol protocol,
               Duration timeout, std::function<void(bool ok)> done);
  ~StartupProbe() override;

 private:
  void on_connected(int error) override { finish(error == 0); }
  void on_readable() override {}
  void on_writable() override {}  // of both bases

  void on_connected(transport::ClientTransaction& transaction) override {
    transaction_ = &transaction;
  }
  void on_interim(const http::ResponseHead&) override {}
  void on_response(const http::ResponseHead& head) override;
  void on_body(std::string_view) override {}
  void on_response_end(std::span<const http::Field>) override;
  void on_failed(const transport::Failure&) override;
  void finish(bool ok);

  std::function<void(bool ok)> done_;
  net::Timer timeout_;
  std::unique_ptr<net::Stream> stream_;              // TCP
  std::optional<transport::ClientPool> connection_;  // HTTP
  transport::ClientTransaction* transaction_ = nullptr;
  bool good_ = false;
};

}  // namespace warmgate::serverless
