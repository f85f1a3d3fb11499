#include "model/server.h"

#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "model/exchange.h"

namespace warmgate::model {
namespace {

// Room to tell a crowd of clients that the queue is full, which is quicker than letting them wait
// for a connection.
transport::ServerLimits transport_limits() {
  transport::ServerLimits limits;
  limits.max_connections = 4096;
  // Longer than any usual proxy keeps an idle connection: the side that sends requests should be
  // the one that closes, or a request meets a closing connection.
  limits.keep_alive = 10min;
  return limits;
}

}  // namespace

ModelServer::ModelServer(net::EpollLoop& loop, ServiceOptions options,
                         std::vector<std::unique_ptr<InferenceEngine>> engines)
    : loop_(loop),
      service_(*this, std::move(options), std::move(engines)),
      server_(loop, *this, transport_limits()) {}

ModelServer::~ModelServer() = default;

void ModelServer::after(Duration delay, std::function<void()> work) {
  const uint64_t id = ++last_timer_;
  auto timer = std::make_unique<net::Timer>(loop_.timers(), [this, id, work = std::move(work)] {
    const auto self = timers_.extract(id);  // keeps `work` until it is done
    work();
  });
  timer->arm_after(delay);
  timers_.emplace(id, std::move(timer));
}

void ModelServer::on_request(const http::RequestHead& head,
                             transport::ServerTransaction& transaction) {
  auto exchange = std::make_unique<Exchange>(*this, transaction, head);
  Exchange& started = *exchange;
  exchanges_.emplace(&started, std::move(exchange));
  started.start(head);
}

void ModelServer::forget(Exchange& exchange) {
  exchanges_.erase(&exchange);
}

// ---- drain: the service becomes idle, then the connections end, then we are done ----

void ModelServer::drain(Duration limit, std::function<void(bool)> on_done) {
  on_drained_ = std::move(on_done);
  after(limit, [this] {
    if (!on_drained_) return;
    log_warning("model", "The time to finish is over: what still waits is refused.");
    service_.end_waiting();
    finish_drain(false);
  });
  service_.drain([this] { close_connections(); });
}

void ModelServer::close_connections() {
  if (!server_.draining()) server_.drain();
  if (server_.connections() == 0) return finish_drain(true);
  after(10ms, [this] { close_connections(); });
}

void ModelServer::finish_drain(bool complete) {
  if (on_drained_) std::exchange(on_drained_, nullptr)(complete);
}

}  // namespace warmgate::model
