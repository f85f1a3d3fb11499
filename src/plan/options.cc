#include "plan/options.h"

#include <algorithm>
#include <cmath>

#include "config/loader.h"
#include "workload/generators.h"

namespace warmgate::plan {
namespace {

Result<config::Config> read_config(const std::string& path) {
  config::Loaded loaded = config::load_file(path);
  if (!loaded.config) return Error{loaded.error_text()};
  if (loaded.config->services.size() != 1) {
    return Error{path + ": a plan is made for one service, and the file has " +
                 std::to_string(loaded.config->services.size()) +
                 ": leave the others out for the plan"};
  }
  return std::move(*loaded.config);
}

Result<sim::StartTime> parse_cold_start(const std::string& text) {
  const auto draw = workload::parse_time_draw(text);
  const bool usable = draw.ok() && !text.starts_with("exponential");
  if (usable) return sim::StartTime::lognormal(draw->quantile(0.5), draw->quantile(0.99));
  return Error{"the cold-start time \"" + text +
               "\" is not understood: write 5s, or p50=3s,p99=9s, at most a day"};
}

Result<workload::ReadOptions> read_options(const PlanOptions& options) {
  constexpr std::string_view kColumn = "column:";
  workload::ReadOptions read{.seed = options.seed};
  if (!options.format.empty()) {
    read.format = workload::parse_format(options.format);
    if (!read.format) {
      return Error{"the format \"" + options.format +
                   "\" is not known: it is csv, access-log, cloud-logging or nginx"};
    }
  }
  if (options.service_time.starts_with(kColumn)) {
    auto sum =
        workload::parse_column_sum(std::string_view(options.service_time).substr(kColumn.size()));
    if (!sum) return sum.error();
    read.service_columns = std::move(*sum);
  } else if (!options.service_time.empty()) {
    const auto draw = workload::parse_time_draw(options.service_time);
    if (!draw) return Error{"--service-time: " + draw.error().message};
    read.service = *draw;
  }
  return read;
}

Result<workload::Recorded> drawn(const PlanOptions& options, const workload::ReadOptions& read) {
  auto times = workload::draw_named(options.draw, options.seed);
  if (!times) return times.error();
  if (times->empty()) return Error{"the generator gave no request: raise its rate or length"};
  if (!read.service) {
    return Error{
        "--draw gives arrivals only: say how long requests take with --service-time, for "
        "example 200ms or p50=200ms,p99=1s"};
  }
  return workload::Recorded{.workload =
                                workload::with_service(*times, *read.service, options.seed)};
}

Result<workload::Recorded> read_requests(const PlanOptions& options) {
  if (options.trace.empty() == options.draw.empty()) {
    return Error{"give the traffic to plan for, by exactly one of --trace FILE and --draw MODEL"};
  }
  const auto read = read_options(options);
  if (!read) return read.error();
  auto recorded =
      options.draw.empty() ? workload::read_workload(options.trace, *read) : drawn(options, *read);
  if (!recorded || options.scale == 1) return recorded;
  if (!(options.scale > 0 && options.scale <= 1000)) {
    return Error{"--scale must be more than 0 and at most 1000"};
  }
  recorded->workload =
      workload::scaled(recorded->workload, options.scale, Duration(1s), options.seed);
  if (recorded->workload.empty()) return Error{"--scale leaves no request: raise it"};
  return recorded;
}

// What a configuration says about the serverless pool; flags go before it.
void take_service(const config::Service& service, sim::World& world) {
  const policy::ServerlessSettings& serverless = service.policy.serverless;
  world.slo = service.policy.slo;
  world.slo_first_byte = service.policy.slo_first_byte;
  world.first_byte_limit = service.timeouts.first_byte;
  world.serverless.concurrency = serverless.concurrency;
  world.serverless.max_instances = serverless.max_instances;
  world.serverless.billing = serverless.billing;
  world.serverless.vcpus = service.instance.vcpus;
  world.serverless.memory_gib = static_cast<double>(service.instance.memory) / (1u << 30);
  world.serverless.gpu = service.instance.gpu != billing::Gpu::none;
  if (service.instance.gpu == billing::Gpu::l4_zonal) {
    world.serverless.prices.gpu_s = billing::kZonalGpuS;
  }
  world.serverless.can_release = serverless.can_release;
  world.serverless.start = sim::StartTime::fixed(serverless.expected_cold_start);
  world.serverless.idle_limit = serverless.idle_lifetime;
  world.serverless.idle_least = serverless.idle_lifetime / 2;
}

Status take_flags(const PlanOptions& options, sim::World& world) {
  sim::ServerlessModel& serverless = world.serverless;
  if (options.slo) world.slo = *options.slo;
  if (options.cpu) serverless.vcpus = *options.cpu;
  serverless.memory_gib =
      options.memory_gib.value_or(std::max(serverless.memory_gib, kGibPerVcpu * serverless.vcpus));
  if (options.concurrency) serverless.concurrency = *options.concurrency;
  if (options.max_instances) serverless.max_instances = *options.max_instances;
  if (options.billing == "request" || options.billing == "instance") {
    serverless.billing =
        options.billing == "request" ? policy::Billing::request : policy::Billing::instance;
  } else if (!options.billing.empty()) {
    return Error{"--billing is \"" + options.billing + "\", and can be request or instance"};
  }
  if (options.release) serverless.can_release = *options.release;
  if (!options.cold_start.empty()) {
    auto start = parse_cold_start(options.cold_start);
    if (!start) return start.error();
    serverless.start = std::move(*start);
  }
  return success();
}

Status check_numbers(const PlanOptions& options) {
  const auto outside = [](double value, double least, double most) {
    return !(value >= least && value <= most);
  };
  if (options.slo && (*options.slo < 1ms || *options.slo > 1h)) {
    return Error{"--slo goes from 1ms to 1h"};
  }
  if (options.cpu && outside(*options.cpu, 0.08, 64)) return Error{"--cpu goes from 0.08 to 64"};
  if (options.memory_gib && outside(*options.memory_gib, 0.125, 512)) {
    return Error{"--memory, in GiB, goes from 0.125 to 512"};
  }
  if (options.concurrency && outside(*options.concurrency, 1, 1000)) {
    return Error{"--concurrency goes from 1 to 1000"};
  }
  if (options.max_instances && outside(*options.max_instances, 1, 10'000)) {
    return Error{"--max-instances goes from 1 to 10000"};
  }
  if (outside(options.seeds, 1, 100)) return Error{"--seeds goes from 1 to 100"};
  if (outside(options.faults, 0, 10'000)) {
    return Error{"--faults is a number of faults of each kind per day, from 0 to 10000"};
  }
  if (outside(options.target, 50, 100)) {
    return Error{"--target is the share of requests within the SLO, in per cent from 50 to 100"};
  }
  return success();
}

}  // namespace

double Inputs::mean_load() const {
  double work_s = 0;
  for (const workload::Request& request : workload()) work_s += to_seconds(request.service);
  return work_s / std::max(to_seconds(workload().back().at), 1e-3);
}

Result<Inputs> read_inputs(const PlanOptions& options) {
  if (auto status = check_numbers(options); !status) return status.error();
  Inputs inputs{.target = options.target / 100, .seed = options.seed};
  inputs.faults_per_day = options.faults;
  inputs.source = options.draw.empty() ? options.trace : options.draw;
  if (!options.config.empty()) {
    auto read = read_config(options.config);
    if (!read) return read.error();
    inputs.config = std::move(*read);
    const config::Service& service = *inputs.service();
    take_service(service, inputs.world);
    if (!service.always_on.empty()) inputs.slots = service.policy.always_on.concurrency;
  } else if (!options.slo) {
    return Error{
        "say within what time a request should be answered: --slo 500ms, or -c with a "
        "configuration that has it"};
  } else {
    // Requests compute: one for each vCPU, or they slow each other.
    const double vcpus = options.cpu.value_or(inputs.world.serverless.vcpus);
    inputs.world.serverless.concurrency = std::max(1u, static_cast<uint32_t>(vcpus));
  }
  if (auto status = take_flags(options, inputs.world); !status) return status.error();
  inputs.cpu_given = options.cpu || options.memory_gib || options.concurrency || inputs.config;

  auto policies =
      select_policies(options.policies, inputs.config ? &inputs.service()->policy : nullptr);
  if (!policies) return policies.error();
  inputs.policies = std::move(*policies);
  if (!options.always_on.empty()) {
    auto size = parse_size(options.always_on, inputs.slots);
    if (!size) return Error{"--always-on: " + size.error().message};
    inputs.size = *size;
  }
  auto recorded = read_requests(options);
  if (!recorded) return recorded.error();
  inputs.recorded = std::move(*recorded);
  for (PlanOptions next = options; inputs.seeds() < options.seeds;) {
    ++next.seed;
    auto again = read_requests(next);
    if (!again) return again.error();
    inputs.more.push_back(std::move(again->workload));
  }
  const Duration slo = inputs.world.slo;
  const double share = inputs.world.slo_first_byte ? inputs.world.first_byte_share : 1;
  const auto impossible = [&](const workload::Request& request) {
    return to_seconds(request.service) * share > to_seconds(slo);
  };
  for (size_t i = 0; i < inputs.seeds(); ++i) {
    inputs.impossible +=
        static_cast<uint64_t>(std::ranges::count_if(inputs.workload(i), impossible));
  }
  return inputs;
}

}  // namespace warmgate::plan
