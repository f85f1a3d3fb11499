// Steps of the usual request, for an instruction count: it arrives, is answered by the always-on
// pool, and ends. The serverless pool is cold, nobody waits, and no probe is due but those of
// health. Prints nothing: `valgrind --tool=callgrind policy_bench N`, with two values of N; the
// difference is the cost of the requests without that of the start.
#include <cstdint>
#include <cstdlib>

#include "policy/dispatcher.h"

namespace warmgate::policy {
namespace {

constexpr Duration kBetweenArrivals = 10ms;
constexpr Duration kToFirstByte = 4ms;
constexpr Duration kToEnd = 1ms;
constexpr uint64_t kWarmUp = 1'000;  // windows and tables reach their size

class Bench {
 public:
  Bench() : dispatcher_(make_warmgate_dispatcher(ServiceSettings{}, 1)) { step(TimerFired{}); }

  void request(uint64_t id) {
    step(RequestArrived{.request = RequestId{id}, .bytes = 1'000});
    // Answers differ a little from each other, as they do.
    const Duration off = std::chrono::microseconds((id * 7919) % 1000);
    now_ += kToFirstByte + off;
    step(AttemptFirstByte{attempt_, 200, std::nullopt});
    now_ += kToEnd;
    step(AttemptFinished{attempt_, Outcome::ok});
    now_ += kBetweenArrivals - kToFirstByte - kToEnd - off;
    while (timer_ <= now_) {
      timer_ = kNever;
      step(TimerFired{});
    }
  }

 private:
  void step(const Event& event) {
    actions_.clear();
    dispatcher_->step(now_, event, actions_);
    ProbeId probe;
    for (const Action& action : actions_) {
      if (const auto* start = std::get_if<StartAttempt>(&action)) attempt_ = start->attempt;
      if (const auto* timer = std::get_if<SetTimer>(&action)) timer_ = timer->at;
      if (const auto* health = std::get_if<StartProbe>(&action)) probe = health->probe;
    }
    if (probe) step(ProbeFinished{probe, Outcome::ok, std::nullopt});
  }

  std::unique_ptr<Dispatcher> dispatcher_;
  Instant now_{100s};
  Instant timer_ = kNever;
  AttemptId attempt_;
  Actions actions_;
};

}  // namespace
}  // namespace warmgate::policy

int main(int argc, char** argv) {
  const uint64_t requests = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000;
  warmgate::policy::Bench bench;
  for (uint64_t id = 1; id <= warmgate::policy::kWarmUp + requests; ++id) bench.request(id);
  return 0;
}
