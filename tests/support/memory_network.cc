#include "support/memory_network.h"

#include <algorithm>

#include "support/memory_connection.h"

namespace warmgate::test {
namespace {

constexpr Instant kStart = Instant(1000h);
constexpr double kStartWallSeconds = 1'750'000'000;
constexpr int kMostStepsAtATime = 1'000'000;

}  // namespace

MemoryLoop::MemoryLoop(uint64_t seed, const NetworkSettings& settings)
    : Loop(kStart), settings_(settings), random_(seed) {}

MemoryLoop::~MemoryLoop() = default;

double MemoryLoop::wall_seconds() const {
  return kStartWallSeconds + to_seconds(now() - kStart);
}

size_t MemoryLoop::chopped(size_t most) {
  if (!settings_.chop || most <= 1) return most;
  const uint64_t bits = random_.below(20);
  return std::min<size_t>(most, 1 + random_.below(uint64_t{1} << bits));
}

// ---- connecting ----

Result<std::unique_ptr<net::Stream>> MemoryLoop::connect(const net::Address& to) {
  return connect_from(*net::Address::from_ip("10.1.1.1", next_port_++), to);
}

Result<std::unique_ptr<net::Stream>> MemoryLoop::connect_from(const net::Address& from,
                                                              const net::Address& to) {
  const auto connection = std::make_shared<MemoryConnection>(*this, from, to);
  at(now() + settings_.latency, [this, connection, to] { open(connection, to); });
  return std::unique_ptr<net::Stream>(connection->make_stream(kClient, true));
}

// The first packet is at the listener's machine.
void MemoryLoop::open(const std::shared_ptr<MemoryConnection>& connection, const net::Address& to) {
  Weather weather;
  for (const auto& [address, its] : weather_) {
    if (address == to) weather = its;
  }
  if (weather.black_hole || connection->closed(kClient)) return;
  const Instant answered = now() + settings_.latency;
  if (weather.refuse || find_listener(to) == nullptr) {
    return at(answered, [connection] { connection->refuse(); });
  }
  connection->set_weather(weather);
  at(answered, [connection] { connection->wake(kClient); });
  at(answered + settings_.latency, [this, connection, to] {
    if (MemoryListener* listener = find_listener(to)) return listener->take(connection);
    connection->close(kServer, true);
  });
}

Result<std::unique_ptr<net::Listener>> MemoryLoop::listen(const net::Address& at,
                                                          net::AcceptHandler handler) {
  net::Address bound = at;
  if (bound.port() == 0) bound.set_port(next_port_++);
  const auto is_bound = [&](const MemoryListener* l) { return l->address() == bound; };
  if (std::ranges::any_of(listeners_, is_bound)) {
    return Error{"cannot listen on " + bound.to_string() + ": the port is in use"};
  }
  return std::unique_ptr<net::Listener>(
      std::make_unique<MemoryListener>(*this, bound, std::move(handler)));
}

MemoryListener* MemoryLoop::find_listener(const net::Address& to) const {
  for (MemoryListener* listener : listeners_) {
    const net::Address at = listener->address();
    const bool everywhere = at.ip() == "::" || at.ip() == "0.0.0.0";
    if (at == to || (everywhere && at.port() == to.port())) return listener;
  }
  return nullptr;
}

void MemoryLoop::set_weather(const net::Address& to, const Weather& weather) {
  std::erase_if(weather_, [&](const auto& entry) { return entry.first == to; });
  weather_.emplace_back(to, weather);
}

// ---- running ----

void MemoryLoop::at(Instant when, std::function<void()> action) {
  events_.emplace(std::max(when, now()), std::move(action));
}

void MemoryLoop::post(std::function<void()> work) {
  posted_until_ = std::max(posted_until_, now() + static_cast<int64_t>(random_.below(200)) * 1us);
  at(posted_until_, std::move(work));
}

void MemoryLoop::ready(MemoryStream* stream) {
  if (std::ranges::find(ready_, stream) == ready_.end()) ready_.push_back(stream);
}

void MemoryLoop::forget(MemoryStream* stream) {
  std::erase(ready_, stream);
  std::ranges::replace(batch_, stream, nullptr);
}

// One turn, in the order of EpollLoop: timers, events, deferred work.
void MemoryLoop::step(Instant now) {
  steps_at_this_time_ = now == this->now() ? steps_at_this_time_ + 1 : 0;
  WG_ASSERT(steps_at_this_time_ < kMostStepsAtATime,
            "work that never ends keeps time from passing");
  timers_.advance(now);
  while (next_event() <= now) {
    const auto action = std::move(events_.begin()->second);
    events_.erase(events_.begin());
    action();
  }
  batch_.swap(ready_);
  for (size_t i = batch_.size(); settings_.chop && i > 1; --i) {
    std::swap(batch_[i - 1], batch_[random_.below(i)]);
  }
  for (size_t i = 0; i < batch_.size(); ++i) {
    if (batch_[i] != nullptr) batch_[i]->tell();
  }
  batch_.clear();
  deferred_.run_all();
}

void MemoryLoop::run_until(Instant end) {
  for (;;) {
    const Instant next = runnable() ? now() : std::min(next_event(), timers_.next_deadline());
    if (next > end) break;
    step(std::max(next, now()));
  }
  timers_.advance(std::max(end, now()));
}

bool MemoryLoop::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now() + limit;
  while (!done()) {
    const Instant next = runnable() ? now() : std::min(next_event(), timers_.next_deadline());
    if (next > end || next == kNever) return false;
    step(std::max(next, now()));
  }
  return true;
}

void MemoryLoop::run_until_idle() {
  while (runnable() || !events_.empty()) {
    step(runnable() ? now() : std::max(now(), std::min(next_event(), timers_.next_deadline())));
  }
}

}  // namespace warmgate::test
