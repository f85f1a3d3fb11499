// ServerlessFake: a platform of the tests that scales to zero. Requests wait at the platform for an
// instance with a free slot; instances start on demand, take their time, and end when idle.
#pragma once

#include <deque>
#include <vector>

#include "gateway_backend.h"

namespace warmgate::test {

struct PlatformSettings {
  uint32_t concurrency = 4;
  uint32_t max_instances = 5;
  Duration start_delay = 3s;
  Duration idle_timeout = 15min;
  Duration service_time = 20ms;
};

class ServerlessFake {
 public:
  ServerlessFake(MemoryLoop& loop, const net::Address& at, const PlatformSettings& settings);

  ScriptedBackend backend;  // its calls include wakes and pings: every request is one
  PlatformSettings settings;
  uint64_t starts = 0;
  uint64_t releases = 0;  // instances that ended when they were asked to; they should be idle
  bool stuck = false;     // instances take requests and stay silent

  size_t instances();  // alive now, starting ones included
  size_t requests() const { return backend.calls.size(); }
  size_t inferences() const;            // requests that are no wake or ping
  void evict() { instances_.clear(); }  // the platform takes the idle ones away

 private:
  struct Instance {
    uint64_t id = 0;
    Instant started_at{};  // ready from here on
    Instant idle_since{};
    uint32_t in_flight = 0;
    uint64_t served = 0;
  };

  void arrived(Call& call);
  void assign();
  void start_if_needed();
  void serve(Instance& instance, Call& call);
  void served(uint64_t id, Call& call);
  void end_idle();
  Instance* find(uint64_t id);

  MemoryLoop& loop_;
  std::vector<Instance> instances_;
  std::deque<Call*> waiting_;
  uint64_t last_id_ = 0;
};

}  // namespace warmgate::test
