#include "cli/plan_command.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "plan/command.h"

namespace warmgate::cli {
namespace {

using plan::PlanOptions;

constexpr const char* kFooter = R"(Examples:
  warmgate plan --trace trace.csv --slo 2s --service-time column:generated_tokens*0.02
  warmgate plan --trace access.log --slo 500ms --always-on 'e2-standard-2*1' --cold-start 10s
  warmgate plan --draw diurnal:mean=2,length=7d --slo 1s --service-time p50=100ms,p99=400ms \
      --cold-start p50=5s,p99=12s --report plan --write-config warmgate.yaml

A trace is CSV (t_s[,service_s], t_s,count, or columns mapped by --service-time), warmgate's or
nginx's access log, or an export of Cloud Logging; docs/plan.md has the details.

Exit status: 0 a plan was made; 64 bad usage or trace; 74 a file cannot be written; 130 interrupted.)";

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void interrupt(int) {
  interrupted = true;
}

void add_slo(CLI::App& app, PlanOptions& options) {
  const auto parse = [&options](const std::string& text) {
    options.slo = parse_duration(text);
    if (!options.slo) {
      throw CLI::ValidationError("--slo", "'" + text + "' is no duration such as 500ms or 2s");
    }
  };
  app.add_option_function<std::string>("--slo", parse, "Latency to answer within")
      ->type_name("DURATION");
}

void add_traffic(CLI::App& app, PlanOptions& options) {
  app.option_defaults()->group("Traffic");
  app.add_option("--trace", options.trace, "What was asked of the service")->type_name("FILE");
  app.add_option("--draw", options.draw,
                 "Or traffic from a model: poisson:, gamma:, mmpp:, diurnal:, flash:, weekly:")
      ->type_name("MODEL");
  app.add_option("--format", options.format,
                 "csv, access-log, cloud-logging or nginx; else found by content");
  app.add_option("--service-time", options.service_time,
                 "How long a request takes on one vCPU: 200ms, p50=200ms,p99=1s, "
                 "exponential:200ms or column:NAME*SCALE")
      ->type_name("TIME");
  app.add_option("--scale", options.scale, "Times as many requests")->capture_default_str();
  app.add_option("--seed", options.seed, "Of all that is random")->capture_default_str();
  app.add_option("--seeds", options.seeds, "Judge by so many seeds together, from that one on")
      ->capture_default_str();
}

void add_service(CLI::App& app, PlanOptions& options) {
  app.option_defaults()->group("Service");
  app.add_option("-c,--config", options.config, "Take the SLO and settings from a configuration")
      ->type_name("FILE");
  add_slo(app, options);
  app.add_option("--target", options.target, "Per cent of the requests within the SLO")
      ->capture_default_str();
  app.add_option("--always-on", options.always_on,
                 "Compare at this size: slots, such as 4, or machines, such as e2-small*2; else "
                 "sizes are searched")
      ->type_name("N|TYPE*N");
  app.add_option("--cold-start", options.cold_start, "Of an instance: 5s, or p50=5s,p99=12s")
      ->type_name("TIME")
      ->default_str("5s");
  app.add_option("--cpu", options.cpu, "vCPUs of an instance")->default_str("1");
  app.add_option("--memory", options.memory_gib, "GiB of an instance")->default_str("0.5");
  app.add_option("--concurrency", options.concurrency,
                 "Requests at a time per instance; they share its vCPUs")
      ->default_str("one per vCPU");
  app.add_option("--faults", options.faults,
                 "Per day: crashes of a machine, crashes of an instance, slow periods, partitions; "
                 "half a minute each")
      ->capture_default_str();
  app.add_option("--max-instances", options.max_instances)->default_str("100");
  app.add_option("--billing", options.billing, "request: idle is free; instance: idle is paid")
      ->default_str("request");
  app.add_flag("--release,!--no-release", options.release,
               "With instance billing: can an instance be asked to end?");
}

void add_result(CLI::App& app, PlanOptions& options) {
  app.option_defaults()->group("Result");
  app.add_option("--policies", options.policies, "all, or names with commas between")
      ->capture_default_str();
  app.add_option("--json", options.json, "All figures as JSON; - is standard output")
      ->type_name("FILE");
  app.add_option("--report", options.report, "One page with plots, DIR/index.html")
      ->type_name("DIR");
  app.add_option("--write-config", options.write_config, "A configuration for what is recommended")
      ->type_name("FILE");
}

}  // namespace

void add_plan_command(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand(
      "plan", "How small may the machines be, what will it cost, what will users notice?");
  command->footer(kFooter);
  auto options = std::make_shared<PlanOptions>();
  add_traffic(*command, *options);
  add_service(*command, *options);
  add_result(*command, *options);
  command->callback([options, &exit_status] {
    options->terminal = isatty(STDERR_FILENO) == 1;
    std::signal(SIGINT, interrupt);
    std::signal(SIGTERM, interrupt);
    exit_status = plan::run(*options, interrupted, std::cout, std::cerr);
  });
}

}  // namespace warmgate::cli
