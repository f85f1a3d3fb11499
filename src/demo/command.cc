#include "demo/command.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "demo/arm.h"

namespace warmgate::demo {
namespace {

constexpr const char* kIntroduction = R"(
The same bursty requests, real inferences of a small model, are sent three ways: to one always-on
server, to a serverless pool that sleeps when it is idle and takes seconds to start, and through
warmgate in front of both. Quiet, a burst, nothing until the pool is cold, another burst.
Ctrl-C ends everything.

)";

class Demo {
 public:
  Demo(const DemoOptions& options, std::ostream& out, std::ostream& errors)
      : options_(options),
        out_(out),
        errors_(errors),
        machine_{.cores = std::max(1u, std::thread::hardware_concurrency())},
        view_(out, options.terminal) {}

  int run() {
    if (auto plan = make_plan(options_.length, machine_); !plan) {
      return fail(kExitBadUsage, plan.error());
    }
    std::ofstream json;
    if (!options_.json.empty()) json.open(options_.json, std::ios::trunc);
    if (!options_.json.empty() && !json) {
      return fail(kExitBadUsage, Error{"cannot write \"" + options_.json + "\""});
    }
    out_ << kIntroduction << std::flush;
    if (auto prepared = prepare(); !prepared) return fail(kExitCannotRun, prepared.error());
    auto result = run_arms();
    if (!result) return fail(kExitCannotRun, result.error());
    out_ << "\n" << result_table(*result) << "\n" << result_verdict(*result) << std::flush;
    if (!options_.json.empty() && !(json << result_json(*result) << std::flush)) {
      return fail(kExitCannotReport, Error{"cannot write \"" + options_.json + "\""});
    }
    return 0;
  }

 private:
  int fail(int exit_status, const Error& error) {
    if (stage_.interrupted()) {
      errors_ << "\nwarmgate demo: interrupted; everything it started has ended" << std::endl;
      return kExitInterrupted;
    }
    errors_ << "warmgate demo: " << error.message << std::endl;
    return exit_status;
  }

  Status prepare() {
    auto installation =
        find_installation(this_program(), std::filesystem::current_path(), options_.assets);
    if (!installation) return installation.error();
    installation_ = std::move(*installation);
    std::ifstream file(installation_.requests);
    auto payloads = load::read_payloads(file);
    if (!payloads) return Error{installation_.requests + ": " + payloads.error().message};
    payloads_ = std::move(*payloads);
    auto ports = choose_ports(stage_.loop(), out_);
    if (!ports) return ports.error();
    ports_ = *ports;
    auto service_time = measure_service_time(stage_, installation_, ports_, payloads_);
    if (!service_time) return service_time.error();
    machine_.service_time = *service_time;
    plan_ = *make_plan(options_.length, machine_);
    print_plan();
    return success();
  }

  void print_plan() {
    char text[300];
    std::snprintf(text, sizeof(text),
                  "A request takes %s on one core here, so the always-on server does %.0f/s.\n"
                  "The bursts are %.0f/s, quiet is %.0f/s, a start takes %s, the SLO is %s.\n",
                  format_latency(machine_.service_time).c_str(), plan_.always_on_rate,
                  plan_.burst_rate, plan_.quiet_rate, format_latency(plan_.start_delay).c_str(),
                  format_duration(plan_.slo).c_str());
    out_ << text;
    if (machine_.cores == 1) {
      out_ << "This machine has one core: both pools share it, so no burst can be more than the "
              "always-on server can do, and the demo shows less than it could.\n";
    }
    out_ << std::flush;
  }

  Result<DemoResult> run_arms() {
    DemoResult result;
    result.slo = plan_.slo;
    const std::pair<Way, ArmResult*> arms[] = {{Way::always_on_only, &result.always_on_only},
                                               {Way::serverless_only, &result.serverless_only},
                                               {Way::warmgate, &result.warmgate}};
    int number = 0;
    for (const auto& [way, into] : arms) {
      out_ << "\n" << ++number << " of 3, " << describe(way);
      if (way == Way::warmgate) out_ << ". Status page: " << local_url(ports_.admin) << "/";
      out_ << std::endl;
      Arm arm({stage_, installation_, ports_, plan_, payloads_, view_}, way);
      auto arm_result = arm.run();
      if (!arm_result) return arm_result.error();
      *into = *arm_result;
    }
    return result;
  }

  const DemoOptions& options_;
  std::ostream& out_;
  std::ostream& errors_;
  Stage stage_;
  Machine machine_;
  Installation installation_;
  Ports ports_;
  Plan plan_;
  std::vector<load::Payload> payloads_;
  View view_;
};

}  // namespace

int run(const DemoOptions& options, std::ostream& out, std::ostream& errors) {
  return Demo(options, out, errors).run();
}

}  // namespace warmgate::demo
