#include "gateway_serverless.h"

#include <algorithm>

namespace warmgate::test {
namespace {

bool is_probe(const Call& call) {
  return call.target.ends_with("/v2/health/ready");
}

bool is_release(const Call& call) {
  return call.method == "POST" && call.target.ends_with("/release") &&
         !call.field("warmgate-release").empty();
}

// "250ms" and the like, as warmgate-hold says it; nothing when it says nothing.
Duration hold_of(const Call& call) {
  const std::string text = call.field("warmgate-hold");
  if (text.empty()) return 1ms;
  return text.ends_with("ms") ? Duration(std::chrono::milliseconds(std::stoll(text)))
                              : Duration(std::chrono::seconds(std::stoll(text)));
}

}  // namespace

ServerlessFake::ServerlessFake(MemoryLoop& loop, const net::Address& at,
                               const PlatformSettings& its_settings)
    : backend(loop, at), settings(its_settings), loop_(loop) {
  backend.answers_probes = false;
  backend.on_call = [this](Call& call) { arrived(call); };
}

size_t ServerlessFake::inferences() const {
  return static_cast<size_t>(std::count_if(backend.calls.begin(), backend.calls.end(),
                                           [](const auto& call) { return !is_probe(*call); }));
}

size_t ServerlessFake::instances() {
  end_idle();
  return instances_.size();
}

void ServerlessFake::arrived(Call& call) {
  end_idle();
  waiting_.push_back(&call);
  assign();
  start_if_needed();
}

void ServerlessFake::assign() {
  std::erase_if(waiting_, [](Call* call) { return call->over(); });
  for (Instance& instance : instances_) {
    while (!waiting_.empty() && instance.started_at <= loop_.now() &&
           instance.in_flight < settings.concurrency) {
      Call* call = waiting_.front();
      waiting_.pop_front();
      serve(instance, *call);
    }
  }
}

// As many starting instances as those who wait need.
void ServerlessFake::start_if_needed() {
  size_t starting = 0;
  for (const Instance& instance : instances_) starting += instance.started_at > loop_.now();
  while (waiting_.size() > starting * settings.concurrency &&
         instances_.size() < settings.max_instances) {
    const Instant ready_at = loop_.now() + settings.start_delay;
    instances_.push_back({++last_id_, ready_at, ready_at, 0, 0});
    ++starting;
    ++starts;
    loop_.at(ready_at, [this] { assign(); });
  }
}

void ServerlessFake::serve(Instance& instance, Call& call) {
  ++instance.in_flight;
  if (stuck) return;
  const Duration takes = is_release(call) ? 1ms
                         : is_probe(call) ? hold_of(call)
                                          : settings.service_time;
  loop_.at(loop_.now() + takes, [this, id = instance.id, &call] { served(id, call); });
}

void ServerlessFake::served(uint64_t id, Call& call) {
  Instance* instance = find(id);
  if (instance == nullptr) return call.abort();  // it was taken away
  --instance->in_flight;
  instance->idle_since = loop_.now();
  const double age = to_seconds(loop_.now() - instance->started_at);
  call.answer(200, "pong",
              {{"warmgate-instance", "i" + std::to_string(id) + ";age=" + std::to_string(age) +
                                         ";served=" + std::to_string(instance->served++)}});
  if (is_release(call)) {
    ++releases;
    std::erase_if(instances_, [id](const Instance& other) { return other.id == id; });
  }
  assign();
}

void ServerlessFake::end_idle() {
  std::erase_if(instances_, [this](const Instance& instance) {
    return instance.in_flight == 0 && loop_.now() - instance.idle_since > settings.idle_timeout;
  });
}

ServerlessFake::Instance* ServerlessFake::find(uint64_t id) {
  const auto is_it = [id](const Instance& instance) { return instance.id == id; };
  const auto it = std::find_if(instances_.begin(), instances_.end(), is_it);
  return it == instances_.end() ? nullptr : &*it;
}

}  // namespace warmgate::test
