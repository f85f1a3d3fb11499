// ModelServer: the ModelService behind HTTP. It lives on one event loop; the workers come back to
// that loop through EpollLoop::post() alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/service.h"
#include "net/epoll_loop.h"
#include "transport/server.h"

namespace warmgate::model {

class Exchange;

class ModelServer final : private Host, private transport::Application {
 public:
  // Block the signals that the loop watches before this starts the worker threads.
  ModelServer(net::EpollLoop& loop, ServiceOptions options,
              std::vector<std::unique_ptr<InferenceEngine>> engines);
  ~ModelServer() override;

  Status listen(const net::Address& address) { return server_.listen(address); }
  net::Address address() const { return server_.address(); }

  // Finishes what was accepted and refuses what is new; calls `on_done` with true when all
  // is answered, or with false once `limit` has passed.
  void drain(Duration limit, std::function<void(bool)> on_done);

 private:
  friend class Exchange;

  // Host
  Instant now() const override { return loop_.now(); }
  void post(std::function<void()> work) override { loop_.post(std::move(work)); }
  void after(Duration delay, std::function<void()> work) override;

  // transport::Application
  void on_request(const http::RequestHead& head,
                  transport::ServerTransaction& transaction) override;

  void forget(Exchange& exchange);
  void close_connections();
  void finish_drain(bool complete);

  // Bodies that are being received, over all connections.
  static constexpr size_t kMaxReceivingBytes = 128u << 20;

  net::EpollLoop& loop_;
  ModelService service_;
  size_t receiving_bytes_ = 0;
  uint64_t last_timer_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<net::Timer>> timers_;
  std::unordered_map<Exchange*, std::unique_ptr<Exchange>> exchanges_;
  std::function<void(bool)> on_drained_;
  transport::Server server_;  // last: its connections end before the exchanges that they know
};

}  // namespace warmgate::model
