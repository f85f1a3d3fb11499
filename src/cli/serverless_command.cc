#include "cli/serverless_command.h"

#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "base/time.h"
#include "cli/duration_option.h"
#include "cli/logging.h"
#include "serverless/command.h"

namespace warmgate::cli {
namespace {

using serverless::ServerlessOptions;

constexpr Duration kGpuIdleLimit = 10min;

// What flags say that is not an option by itself.
struct Flags {
  ServerlessOptions options;
  bool idle_limit_given = false, idle_least_given = false, revision_given = false;
  std::string gpu = "none";
};

void add_pool_flags(CLI::App& app, Flags& flags) {
  auto& pool = flags.options.pool;
  app.add_option("--concurrency", pool.concurrency, "Requests at a time per instance, 1 to 1000");
  app.add_option("--max-instances", pool.max_instances, "Instances at most");
  app.add_option("--min-instances", pool.min_instances, "Instances kept without requests");
  add_duration(app, "--idle-timeout", pool.idle_limit, "Longest life of an idle instance")
      ->each([&flags](const std::string&) { flags.idle_limit_given = true; });
  add_duration(app, "--idle-timeout-least", pool.idle_least,
               "Shortest; each life is drawn in between (default: half of --idle-timeout)")
      ->each([&flags](const std::string&) { flags.idle_least_given = true; });
  add_duration(app, "--start-delay", pool.start_delay,
               "Before the process starts: stands for image pull and model load");
  add_duration(app, "--start-jitter", pool.start_jitter, "Up to this much more start delay");
  add_duration(app, "--start-limit", pool.start_limit,
               "From process start to readiness; then the instance is killed");
  add_duration(app, "--probe-period", pool.probe_period, "Pause between two start-up probes");
  app.add_option("--wait-factor", pool.wait_factor,
                 "A request waits at most this many mean start times ...");
  add_duration(app, "--wait-least", pool.wait_least, "... and at least this long, then 429");
  app.add_option("--max-waiting", pool.max_waiting, "Waiting requests at most, then 429");
  add_duration(app, "--request-timeout", pool.request_limit,
               "From a request's arrival to the end of its response, at most 1h; then 504");
  add_duration(app, "--stop-grace", pool.stop_grace, "From SIGTERM to SIGKILL");
  app.add_flag("--throttle-idle", pool.throttle_idle,
               "Withhold the CPU from idle instances (SIGSTOP, SIGCONT)");
  app.add_option("--target-utilisation", pool.target_utilisation,
                 "Share of the concurrency above which instances are added");
  add_duration(app, "--scale-window", pool.scale_window, "Window of that mean");
}

void add_meter_flags(CLI::App& app, Flags& flags) {
  auto& meter = flags.options.meter;
  app.add_option("--cpu", meter.vcpus, "vCPUs per instance, for the bill");
  app.add_option("--memory", meter.memory_gib, "GiB per instance, for the bill");
  app.add_option("--gpu", flags.gpu,
                 "Bill an L4 (l4-zonal: with zonal redundancy); idle instances then live at most "
                 "10m unless --idle-timeout says otherwise")
      ->check(CLI::IsMember({"none", "l4", "l4-zonal"}));
  add_duration(app, "--billing-granularity", meter.granularity, "Billed time is rounded up to it");
  app.add_flag("--free-tier", meter.use_free_tier, "Take off what a month includes for free");
  auto& prices = meter.prices;
  const std::map<std::string, double*> by_name = {
      {"request-vcpu-s", &prices.request_vcpu_s},   {"request-gib-s", &prices.request_gib_s},
      {"request-million", &prices.request_million}, {"idle-vcpu-s", &prices.idle_vcpu_s},
      {"idle-gib-s", &prices.idle_gib_s},           {"instance-vcpu-s", &prices.instance_vcpu_s},
      {"instance-gib-s", &prices.instance_gib_s},   {"gpu-s", &prices.gpu_s},
  };
  for (const auto& [name, price] : by_name) {
    app.add_option("--price-" + name, *price, "USD, list price in us-central1 as the default")
        ->check(CLI::NonNegativeNumber)
        ->group("Prices");
  }
}

void add_flags(CLI::App& app, Flags& flags) {
  ServerlessOptions& options = flags.options;
  app.add_option("--port", options.port, "Port to listen on; 0: any free one");
  app.add_option("--address", options.address, "Address to listen on");
  app.add_option("--status", options.status,
                 "ADDR:PORT of the status page, or off (default: 127.0.0.1 and the next port)");
  app.add_option("--service", options.names.service, "K_SERVICE, and the instances' names");
  app.add_option("--revision", options.names.revision, "K_REVISION (default: SERVICE-00001)")
      ->each([&flags](const std::string&) { flags.revision_given = true; });
  app.add_option("--startup-probe", options.startup_probe,
                 "Path of a GET that must be answered with 2xx (default: a TCP connection)");
  add_duration(app, "--probe-timeout", options.probe_timeout, "Of one start-up probe");
  app.add_flag("--http2", options.http2, "Speak HTTP/2 with instances (clear text), as gRPC needs");
  app.add_option("--max-request-bytes", options.max_request_bytes,
                 "Largest request body, then 413");
  app.add_option("--seed", options.seed, "Of idle lifetimes and start jitter");
  add_pool_flags(app, flags);
  add_meter_flags(app, flags);
  app.add_option("command", options.command,
                 "What an instance runs; $PORT in its arguments becomes the instance's port")
      ->required();
}

void derive(Flags& flags) {
  ServerlessOptions& options = flags.options;
  if (flags.gpu != "none") {
    if (!flags.idle_limit_given) options.pool.idle_limit = kGpuIdleLimit;
    options.meter.gpu = true;
    double& price = options.meter.prices.gpu_s;
    const bool given = price != billing::Prices{}.gpu_s;
    if (flags.gpu == "l4-zonal" && !given) price = billing::kZonalGpuS;
  }
  if (!flags.idle_least_given) options.pool.idle_least = options.pool.idle_limit / 2;
  if (!flags.revision_given) options.names.revision = options.names.service + "-00001";
}

}  // namespace

void add_serverless_command(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand(
      "serverless", "Run a command as a local scale-to-zero service, by Cloud Run's rules");
  command->footer("Example: warmgate serverless --port 9000 -- python3 -m http.server '$PORT'");
  auto flags = std::make_shared<Flags>();
  command->option_defaults()->always_capture_default();
  add_flags(*command, *flags);
  command->callback([flags, &exit_status] {
    derive(*flags);
    const Logging logging(false, LogLevel::info);
    const serverless::Outcome outcome = serverless::run(flags->options);
    if (!outcome.problem.empty()) {
      std::cerr << "warmgate serverless: " << outcome.problem << std::endl;
    }
    exit_status = outcome.exit_status;
  });
}

}  // namespace warmgate::cli
