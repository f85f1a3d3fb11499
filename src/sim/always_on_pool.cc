#include "sim/always_on_pool.h"

#include <algorithm>

#include "base/assert.h"

namespace warmgate::sim {
namespace {

Processor processor_of(const AlwaysOnModel& model) {
  const MachineType& machine = model.machine;
  if (!model.share_cores) return Processor::exclusive();
  if (machine.sustained_vcpus >= machine.vcpus) return Processor::shared(machine.vcpus);
  return Processor::shared_core(machine.vcpus, machine.sustained_vcpus, machine.full_burst);
}

}  // namespace

AlwaysOnPool::AlwaysOnPool(Shared& shared) : shared_(shared) {
  const AlwaysOnModel& model = shared.world.always_on;
  WG_ASSERT(model.slots > 0, "a backend has at least one slot");
  for (uint16_t i = 0; i < model.backends; ++i) {
    backends_.push_back({Worker(processor_of(model)), {}, 0});
  }
}

bool AlwaysOnPool::arrive(Slot slot) {
  Job& job = shared_.jobs[slot];
  Backend& backend = backends_[job.backend.index];
  const AlwaysOnModel& model = shared_.world.always_on;
  if (backend.worker.processor().running() < model.slots) {
    backend.worker.begin(shared_, slot);
    watch(job.backend.index);
    return false;
  }
  if (backend.backlog.size() >= model.backlog) {
    job.stage = Stage::answered;
    job.status = 503;
    return true;
  }
  job.stage = Stage::waiting;
  backend.backlog.push_back(slot);
  return false;
}

Done AlwaysOnPool::take_done(uint16_t index, Slot& slot) {
  Backend& backend = backends_[index];
  const Done done = backend.worker.take_done(shared_, slot);
  if (done == Done::all) {
    shared_.jobs[slot].stage = Stage::answered;
    begin_waiting(backend);
  }
  return done;
}

void AlwaysOnPool::watch(uint16_t index) {
  backends_[index].worker.watch(shared_, Happening::always_on_work, index);
}

void AlwaysOnPool::leave(Slot slot) {
  const Job& job = shared_.jobs[slot];
  Backend& backend = backends_[job.backend.index];
  if (job.stage == Stage::waiting) {
    backend.backlog.erase(std::find(backend.backlog.begin(), backend.backlog.end(), slot));
  } else if (job.stage == Stage::working) {
    backend.worker.remove(shared_, slot);
    begin_waiting(backend);
    watch(job.backend.index);
  }
}

void AlwaysOnPool::crash(uint16_t index, std::vector<Slot>& lost) {
  Backend& backend = backends_[index];
  ++backend.crashes;
  backend.worker.processor().for_each([&](Slot slot) { lost.push_back(slot); });
  lost.insert(lost.end(), backend.backlog.begin(), backend.backlog.end());
  backend.worker.processor().clear(shared_.now);
  backend.backlog.clear();
}

void AlwaysOnPool::restore(uint16_t index) {
  --backends_[index].crashes;
}

double AlwaysOnPool::used_vcpu_s() {
  double sum = 0;
  for (Backend& backend : backends_) sum += backend.worker.processor().used_vcpu_s(shared_.now);
  return sum;
}

void AlwaysOnPool::begin_waiting(Backend& backend) {
  if (backend.backlog.empty()) return;
  const Slot slot = backend.backlog.front();
  backend.backlog.pop_front();
  backend.worker.begin(shared_, slot);
}

}  // namespace warmgate::sim
