#include "gateway/gateway.h"

#include <algorithm>
#include <semaphore>

namespace warmgate::gateway {
namespace {

std::unique_ptr<SharedDispatcher> make_dispatcher(const net::Loop& loop,
                                                  const config::Config& config,
                                                  const config::Service& service, uint64_t seed,
                                                  uint32_t workers) {
  if (config.recorder.memory == 0) {
    return std::make_unique<SharedDispatcher>(
        policy::make_warmgate_dispatcher(service.policy, seed), nullptr, workers);
  }
  const recording::Origin origin{service.name, static_cast<uint64_t>(loop.wall_seconds()),
                                 loop.now()};
  auto recorder = std::make_unique<recording::FlightRecorder>(service.policy, seed,
                                                              config.recorder.memory, origin);
  const recording::FlightRecorder* const same = recorder.get();
  return std::make_unique<SharedDispatcher>(std::move(recorder), same, workers);
}

}  // namespace

Gateway::Gateway(const std::vector<Site>& sites, const config::Config& config,
                 AccessLog::Sink access_sink, uint64_t seed, HashKey secret)
    : config_(config), started_at_(sites.front().loop.now()) {
  const auto workers = static_cast<uint32_t>(sites.size());
  for (size_t i = 0; i < config.services.size(); ++i) {
    dispatchers_.push_back(
        make_dispatcher(sites.front().loop, config, config.services[i], seed + i, workers));
  }
  const Common common{config, std::move(access_sink), seed, secret, dispatchers_};
  for (const Site& site : sites) {
    const auto index = static_cast<uint32_t>(workers_.size());
    workers_.push_back(std::make_unique<Worker>(index, workers, site, common));
  }
  std::vector<transport::Server*> helpers;
  for (size_t i = 1; i < workers_.size(); ++i) helpers.push_back(&workers_[i]->server());
  lead().server().share_with(helpers);
}

// ---- the start ----

void Gateway::start(StartHandler on_started) {
  for (const auto& worker : workers_) {
    if (const Status opened = worker->open_tls(); !opened) {
      return on_started(StartFailure::bad_tls, opened.error().message);
    }
  }
  lead().share_tickets(workers_);
  on_started_ = std::move(on_started);
  unresolved_ = workers_.size();
  for (const auto& worker : workers_) {
    const bool here = &worker->loop() == &lead().loop();
    worker->when_resolved([this, here](const std::string& problem) {
      if (here) return resolved(problem);
      lead().loop().post([this, problem] { resolved(problem); });
    });
  }
}

// A worker knows its backends' addresses. With the last one, and a problem of any, the start is
// over.
void Gateway::resolved(const std::string& problem) {
  if (problem_.empty()) problem_ = problem;
  if (--unresolved_ > 0) return;
  const StartHandler on_started = std::exchange(on_started_, nullptr);
  if (!problem_.empty()) return on_started(StartFailure::unresolved_name, problem_);
  for (const config::ListenAddress& listen : config_.listen) {
    const Status listening = lead().listen(listen);
    if (!listening) return on_started(StartFailure::cannot_listen, listening.error().message);
  }
  started_ = true;
  lead().start();
  on_started(StartFailure::none, {});
}

// ---- a look at it ----

void Gateway::visit_workers(const std::function<void(Worker&)>& visit) const {
  for (const auto& worker : workers_) {
    if (&worker->loop() == &lead().loop()) {
      visit(*worker);
      continue;
    }
    std::binary_semaphore done(0);
    worker->loop().post([&] {
      visit(*worker);
      done.release();
    });
    done.acquire();
  }
}

const Service* Gateway::find_service(std::string_view name) const {
  const auto found = std::ranges::find(
      services(), name,
      [](const auto& service) -> const std::string& { return service->config().name; });
  return found == services().end() ? nullptr : found->get();
}

// ---- the end ----

void Gateway::drain() {
  if (draining_) return;
  draining_ = true;
  visit_workers([](Worker& worker) { worker.drain(); });
}

void Gateway::cut_tunnels() {
  visit_workers([](Worker& worker) { worker.cut_tunnels(); });
}

}  // namespace warmgate::gateway
