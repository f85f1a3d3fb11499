#include "demo/arm.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace warmgate::demo {
namespace {

constexpr uint64_t kSeed = 7;  // the same requests at the same times in every arm
constexpr Duration kTimeout = 30s;
constexpr Duration kStatusLimit = 5s;

load::RunnerSettings runner_settings(uint16_t port) {
  load::RunnerSettings settings;
  settings.addresses = {local(port)};
  settings.authority = local(port).to_string();
  settings.path = kInferPath;
  settings.fields = {{"content-type", "application/json"}};
  settings.timeout = kTimeout;
  return settings;
}

}  // namespace

std::string describe(Way way) {
  switch (way) {
    case Way::always_on_only:
      return "the always-on server alone";
    case Way::serverless_only:
      return "the serverless pool alone";
    case Way::warmgate:
      break;
  }
  return "through warmgate";
}

Arm::Arm(const Setting& setting, Way way)
    : setting_(setting),
      stage_(setting.stage),
      way_(way),
      cast_(stage_),
      tally_(setting.plan.slo),
      arrivals_(setting.plan.profile, load::Spacing::poisson, kSeed),
      runner_(stage_.loop(), runner_settings(target_port()), setting.payloads, arrivals_,
              {[this](const load::Outcome& outcome) { on_outcome(outcome); },
               [this] { stage_.go_on(); }}),
      serverless_getter_(stage_.loop(), local(setting.ports.serverless_status)),
      gateway_getter_(stage_.loop(), local(setting.ports.admin)),
      next_second_(stage_.loop().timers(), [this] { show_second(); }) {}

uint16_t Arm::target_port() const {
  if (has_gateway()) return setting_.ports.gateway;
  return has_always_on() ? setting_.ports.always_on : setting_.ports.serverless;
}

Result<ArmResult> Arm::run() {
  Status status = start_programs();
  if (status) status = send_load();
  if (status && has_serverless()) status = read_bill();
  cast_.end();
  if (stage_.interrupted()) return Error{"interrupted"};
  if (!status) return status.error();
  const Bill bill = second_.serverless ? second_.serverless->bill : Bill{};
  return make_result(tally_, bill, has_always_on() ? sending_ : 0s);
}

Status Arm::start_programs() {
  Status status = success();
  if (has_always_on()) status = cast_.start_always_on(setting_.installation, setting_.ports);
  if (status && has_serverless()) {
    status = cast_.start_serverless(setting_.installation, setting_.ports, setting_.plan);
  }
  if (status) status = cast_.wait_ready();
  // Last, so that it finds both pools as they are every day: one ready, one asleep.
  if (!status || !has_gateway()) return status;
  status = cast_.start_gateway(setting_.installation, setting_.ports, setting_.plan);
  return status ? cast_.wait_ready() : status;
}

Status Arm::send_load() {
  setting_.view.begin_arm();
  net::Timer start(stage_.loop().timers(), [this] {
    runner_.start();
    next_second_.arm_after(1s);
  });
  start.arm(stage_.loop().now());
  const Duration length = load::length_of(setting_.plan.profile);
  const bool done = stage_.wait(length + 2 * kTimeout);
  next_second_.disarm();
  sending_ = std::max(runner_.elapsed(), length);
  if (stage_.interrupted()) return Error{"interrupted"};
  if (Status running = cast_.all_running(); !running) return running;
  return done ? success() : Error{"the requests of this part did not come to an end"};
}

// The figures that count are those after the last request.
Status Arm::read_bill() {
  second_.serverless.reset();
  const auto ask = [this] {
    serverless_getter_.get("/status", [this](const std::optional<std::string>& document) {
      if (document) second_.serverless = parse_serverless_status(*document);
      stage_.go_on();
    });
  };
  net::Timer start(stage_.loop().timers(), [this, &ask, &start] {
    if (serverless_getter_.busy()) return start.arm_after(10ms);  // with a second's status
    ask();
  });
  start.arm(stage_.loop().now());
  stage_.wait(kStatusLimit);
  if (second_.serverless) return success();
  return Error{"warmgate serverless did not tell its bill"};
}

void Arm::on_outcome(const load::Outcome& outcome) {
  tally_.add(outcome);
  const bool served = outcome.ending == load::Ending::ok || outcome.ending == load::Ending::wrong;
  if (served) second_.latency.record(outcome.latency);
}

void Arm::show_second() {
  const Duration length = load::length_of(setting_.plan.profile);
  second_.way = describe(way_);
  second_.elapsed = runner_.elapsed();
  second_.length = length;
  // The second that has just ended.
  second_.part = part_at(setting_.plan, second_.elapsed - 500ms);
  second_.arrived = runner_.sent() - std::exchange(sent_before_, runner_.sent());
  second_.in_flight = runner_.in_flight();
  second_.over_slo = tally_.over_slo();
  second_.cold_starts = tally_.late_cold_starts();
  second_.errors = tally_.errors();
  second_.slo = setting_.plan.slo;
  setting_.view.show(second_);
  second_.latency.clear();
  ask_for_statuses();
  next_second_.arm(stage_.loop().now() + 1s);
}

void Arm::ask_for_statuses() {
  if (has_serverless() && !serverless_getter_.busy()) {
    serverless_getter_.get("/status", [this](const std::optional<std::string>& document) {
      if (document) second_.serverless = parse_serverless_status(*document);
    });
  }
  if (has_gateway() && !gateway_getter_.busy()) {
    gateway_getter_.get("/status", [this](const std::optional<std::string>& document) {
      if (document) second_.gateway = parse_gateway_status(*document);
    });
  }
}

Result<Duration> measure_service_time(Stage& stage, const Installation& installation,
                                      const Ports& ports, std::span<const load::Payload> payloads) {
  constexpr size_t kRequests = 24;
  Cast cast(stage);
  if (Status started = cast.start_always_on(installation, ports); !started) return started.error();
  if (Status ready = cast.wait_ready(); !ready) return ready.error();
  std::vector<Duration> times;
  for (size_t i = 0; i < kRequests; ++i) {
    load::ProfileArrivals once({{.burst = 1}}, load::Spacing::even, kSeed);
    load::Runner runner(stage.loop(), runner_settings(ports.always_on), payloads, once,
                        {[&times](const load::Outcome& outcome) {
                           if (outcome.ending == load::Ending::ok) times.push_back(outcome.latency);
                         },
                         [&stage] { stage.go_on(); }});
    net::Timer start(stage.loop().timers(), [&runner] { runner.start(); });
    start.arm(stage.loop().now());
    stage.wait(kTimeout);
    if (stage.interrupted()) return Error{"interrupted"};
  }
  cast.end();
  if (times.size() < kRequests) return Error{"the model server did not answer as it should"};
  // What else runs on the machine just now makes a request slower, never faster.
  std::nth_element(times.begin(), times.begin() + kRequests / 8, times.end());
  return times[kRequests / 8];
}

}  // namespace warmgate::demo
