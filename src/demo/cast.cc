#include "demo/cast.h"

#include <algorithm>
#include <utility>

namespace warmgate::demo {
namespace {

constexpr Duration kReadyLimit = 30s;
constexpr Duration kReadyPause = 50ms;
constexpr Duration kEndLimit = 5s;

// More than a saturated server of the demo ever has waiting: it is to be slow, not to refuse.
constexpr const char* kAlwaysOnQueue = "2000";

}  // namespace

Status Cast::start(const std::string& name, std::vector<std::string> command, uint16_t ready_port,
                   const std::string& ready_path) {
  auto child = Child::start(stage_.loop(), name, std::move(command), [this] { on_exit(); });
  if (!child) return child.error();
  members_.push_back(
      {std::move(*child), std::make_unique<Getter>(stage_.loop(), local(ready_port)), ready_path});
  return success();
}

Status Cast::start_always_on(const Installation& installation, const Ports& ports) {
  return start("warmgate-model",
               {installation.model_server, "serve", "--model",
                std::string(kModelName) + "=" + installation.model, "--host", "127.0.0.1", "--port",
                std::to_string(ports.always_on), "--workers", std::to_string(kAlwaysOnWorkers),
                "--max-queue", kAlwaysOnQueue},
               ports.always_on, "/v2/health/ready");
}

Status Cast::start_serverless(const Installation& installation, const Ports& ports,
                              const Plan& plan) {
  return start("warmgate serverless",
               {installation.gateway,
                "serverless",
                "--port",
                std::to_string(ports.serverless),
                "--status",
                local(ports.serverless_status).to_string(),
                "--concurrency",
                std::to_string(kInstanceConcurrency),
                "--max-instances",
                std::to_string(kMaxInstances),
                "--start-delay",
                format_duration(plan.start_delay),
                "--idle-timeout",
                format_duration(plan.idle_timeout),
                "--idle-timeout-least",
                format_duration(plan.idle_timeout),
                "--startup-probe",
                "/v2/health/ready",
                "--",
                installation.model_server,
                "serve",
                "--model",
                std::string(kModelName) + "=" + installation.model,
                "--host",
                "127.0.0.1",
                "--workers",
                "1"},
               ports.serverless_status, "/status");
}

Status Cast::start_gateway(const Installation& installation, const Ports& ports, const Plan& plan) {
  return start("warmgate serve",
               {installation.gateway,
                "serve",
                "--always-on",
                local_url(ports.always_on),
                "--serverless",
                local_url(ports.serverless),
                "--slo",
                format_duration(plan.slo),
                "--listen",
                local(ports.gateway).to_string(),
                "--admin",
                local(ports.admin).to_string(),
                "--always-on-concurrency",
                std::to_string(kAlwaysOnConcurrency),
                "--serverless-concurrency",
                std::to_string(kInstanceConcurrency),
                "--max-instances",
                std::to_string(kMaxInstances),
                "--model",
                kModelName,
                "--log-format",
                "text",
                "--log-level",
                "warning"},
               ports.admin, "/readyz");
}

Status Cast::wait_ready() {
  net::Timer again(stage_.loop().timers(), [this, &again] {
    ask_all();
    again.arm_after(kReadyPause);
  });
  again.arm_after(kReadyPause);
  const bool ready = stage_.wait(kReadyLimit);
  if (stage_.interrupted()) return Error{"interrupted"};
  if (Status running = all_running(); !running) return running;
  if (ready) return success();
  const auto late = std::find_if(members_.begin(), members_.end(),
                                 [](const Member& member) { return !member.ready; });
  return Error{late->child->describe_end()};
}

void Cast::ask_all() {
  bool all_ready = true;
  for (Member& member : members_) {
    all_ready = all_ready && member.ready;
    if (member.ready || member.getter->busy()) continue;
    member.getter->get(member.ready_path, [&member](const std::optional<std::string>& document) {
      member.ready = document.has_value();
    });
  }
  if (all_ready) stage_.go_on();
}

void Cast::on_exit() {
  const bool none_left = std::none_of(members_.begin(), members_.end(),
                                      [](const Member& member) { return member.child->running(); });
  // While the demo runs, any end is one too many; while it ends, it waits for the last.
  if (!ending_ || none_left) stage_.go_on();
}

Status Cast::all_running() const {
  for (const Member& member : members_) {
    if (!member.child->running()) return Error{member.child->describe_end()};
  }
  return success();
}

void Cast::end() {
  ending_ = true;
  bool any = false;
  for (Member& member : members_) {
    if (member.child->running()) member.child->terminate();
    any = any || member.child->running();
  }
  // After an interruption nobody waits: what is left is killed.
  if (any) stage_.wait(kEndLimit);
  members_.clear();
}

}  // namespace warmgate::demo
