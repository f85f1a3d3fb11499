// What the pool decides, carried out.
#include <sys/wait.h>

#include <csignal>
#include <set>
#include <utility>

#include "base/log.h"
#include "serverless/free_port.h"
#include "serverless/runtime.h"

namespace warmgate::serverless {
namespace {

constexpr std::string_view kRoom = "serverless";

int number_of(SignalKind kind) {
  switch (kind) {
    case SignalKind::term:
      return SIGTERM;
    case SignalKind::kill:
      return SIGKILL;
    case SignalKind::stop:
      return SIGSTOP;
    case SignalKind::cont:
      return SIGCONT;
  }
  return SIGKILL;
}

}  // namespace

void Runtime::carry_out(const Spawn& action) {
  Instance& instance = instances_[action.instance];
  instance.name = instance_name(action.instance);
  instance.spawned = loop_.now();
  if (Status started = start_process(action.instance, instance); !started) {
    log_error(kRoom, instance.name + " could not start: " + started.error().message);
    return tell(ProcessExited{action.instance});
  }
  log_info(kRoom, instance.name + " starts: pid " + std::to_string(instance.process->pid()) +
                      ", port " + std::to_string(instance.port));
  tell(ProcessStarted{action.instance});
}

Status Runtime::start_process(InstanceId id, Instance& instance) {
  std::set<uint16_t> taken{address().port()};
  for (const auto& [other_id, other] : instances_) taken.insert(other.port);
  auto port = find_free_port(port_prng_, taken);
  if (!port) return port.error();
  instance.port = *port;

  Process::Callbacks callbacks;
  callbacks.on_line = [this, name = instance.name](std::string_view line, bool is_error) {
    world_.print(name + " | " + std::string(line), is_error);
  };
  callbacks.on_exit = [this, id, name = instance.name](int wait_status) {
    log_info(kRoom, name + " " + describe_exit(wait_status));
    tell(ProcessExited{id, WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0});
  };
  auto process = Process::start(loop_,
                                make_launch(program_, options_.command, world_.environment,
                                            options_.names, instance.name, instance.port),
                                std::move(callbacks));
  if (!process) return process.error();
  instance.process = std::move(*process);
  return success();
}

void Runtime::carry_out(const Probe& action) {
  auto it = instances_.find(action.instance);
  if (it == instances_.end()) return;  // it exited; the pool is about to be told
  Instance& instance = it->second;
  auto at = net::Address::from_ip("127.0.0.1", instance.port);
  instance.probe = std::make_unique<StartupProbe>(
      loop_, *at, options_.startup_probe, protocol(), options_.probe_timeout,
      [this, id = action.instance, name = instance.name, begun = instance.spawned](bool ok) {
        if (ok) {
          const auto took = std::chrono::round<std::chrono::milliseconds>(loop_.now() - begun);
          log_info(kRoom,
                   name + " is ready, " + format_duration(took) + " after its process began");
        }
        tell(ProbeFinished{id, ok});
      });
}

void Runtime::carry_out(const Assign& action) {
  auto exchange = exchanges_.find(action.request);
  if (exchange == exchanges_.end()) return;  // its client left; the pool is about to be told
  auto instance = instances_.find(action.instance);
  if (instance == instances_.end()) {
    return tell(RequestFinished{action.request, Ending::not_connected});
  }
  exchange->second->assign(*net::Address::from_ip("127.0.0.1", instance->second.port));
}

void Runtime::carry_out(const Refuse& action) {
  auto exchange = exchanges_.find(action.request);
  if (exchange == exchanges_.end()) return;
  exchange->second->refuse(action.refusal);
  finished_.push_back(action.request);
}

void Runtime::carry_out(const Signal& action) {
  auto it = instances_.find(action.instance);
  if (it != instances_.end() && it->second.process) {
    it->second.process->signal_group(number_of(action.kind));
  }
}

void Runtime::carry_out(const SetTimer& action) {
  timer_.arm(action.at);
}

}  // namespace warmgate::serverless
