#include "plan/command.h"

#include <filesystem>
#include <string>
#include <utility>

#include "plan/advice.h"
#include "plan/json.h"
#include "plan/output_file.h"
#include "plan/report.h"
#include "plan/row.h"
#include "plan/table.h"
#include "plan/text.h"

namespace warmgate::plan {
namespace {

int fail(const Error& error, int exit_status, std::ostream& errors) {
  errors << "warmgate plan: " << error.message << std::endl;
  return exit_status;
}

// Before the run, so that a minute of simulation is not lost for a missing folder.
Status check_outputs(const PlanOptions& options) {
  for (const std::string& path : {options.json, options.write_config}) {
    if (path.empty() || path == "-") continue;
    if (auto status = check_writable(path); !status) return status;
  }
  if (options.report.empty()) return success();
  std::error_code failure;
  const bool is_file = std::filesystem::exists(options.report, failure) &&
                       !std::filesystem::is_directory(options.report, failure);
  if (is_file) return Error{"--report \"" + options.report + "\" is a file: name a folder"};
  return success();
}

void print_input(const Inputs& inputs, std::ostream& out) {
  const workload::Workload& workload = inputs.workload();
  const Duration span = workload.back().at;
  const double span_s = std::max(to_seconds(span), 1e-3);
  const auto requests = static_cast<double>(workload.size());
  out << whole(workload.size()) << " requests in " << format_duration(span / 1s * 1s) << " ("
      << number(requests / span_s) << " per second, mean service time "
      << format_latency(from_seconds(inputs.mean_load() * span_s / requests)) << ", mean load "
      << with_places(inputs.mean_load(), 2) << " slots)\n";
  if (inputs.seeds() > 1) {
    out << inputs.seeds() << " seeds: each policy meets the traffic so many times, with other "
        << "draws, and the figures are of all together\n";
  }
  if (inputs.impossible > 0) {
    out << whole(inputs.impossible)
        << " requests take longer than the SLO by themselves; they count as violations of every "
           "policy, and the target is for the others\n";
  }
  if (inputs.recorded.filled_in > 0) {
    out << whole(inputs.recorded.filled_in)
        << " requests of the log have no time of their own; theirs is drawn from the others\n";
  }
}

void print_bad_rows(const workload::BadRows& bad_rows, std::ostream& errors) {
  if (bad_rows.count() == 0) return;
  errors << whole(bad_rows.count()) << " bad rows of the trace are left out:\n";
  for (const std::string& problem : bad_rows.first()) errors << "  " << problem << "\n";
  if (bad_rows.count() > bad_rows.first().size()) errors << "  ...\n";
}

void print_plan(const Inputs& inputs, const Plan& plan, const std::vector<Row>& rows,
                std::ostream& out) {
  const bool searched = !inputs.size.has_value();
  print_input(inputs, out);
  out << "\n" << table(rows, searched);
  bool all_meet = true;
  for (const Row& row : rows) all_meet = all_meet && row.meets_target;
  if (!all_meet) {
    out << "* less than " << nines(inputs.target) << " within " << format_duration(inputs.world.slo)
        << "\n";
  }
  if (searched) out << "\n" << nines_table(plan);
  out << "\nNo schedule that answers all in time on the oracle's machines can cost less than "
      << usd(plan.bound_usd_per_month) << " USD a month.\n\n"
      << advice(inputs, plan) << std::endl;
}

Status write_outputs(const PlanOptions& options, const Inputs& inputs, const Plan& plan,
                     const std::vector<Row>& rows, const std::string& page, std::ostream& out) {
  if (options.json == "-") {
    out << to_json(inputs, plan, rows) << std::flush;
  } else if (!options.json.empty()) {
    if (auto status = write_whole_file(options.json, to_json(inputs, plan, rows)); !status) {
      return status;
    }
  }
  if (!options.write_config.empty()) {
    const std::string yaml = recommended_config(inputs, plan);
    if (yaml.empty()) {
      return Error{"--write-config needs warmgate among the policies: add it to --policies"};
    }
    if (auto status = write_whole_file(options.write_config, yaml); !status) return status;
  }
  if (options.report.empty()) return success();
  std::error_code failure;
  std::filesystem::create_directories(options.report, failure);
  return write_whole_file(options.report + "/index.html", page);
}

}  // namespace

int run(const PlanOptions& options, const std::atomic<bool>& stop, std::ostream& out,
        std::ostream& errors) {
  if (auto status = check_outputs(options); !status) {
    return fail(status.error(), kExitCannotWrite, errors);
  }
  const auto inputs = read_inputs(options);
  if (!inputs) return fail(inputs.error(), kExitBadUsage, errors);
  print_bad_rows(inputs->recorded.bad_rows, errors);

  Plan plan;
  {
    Progress progress(options.terminal ? &errors : nullptr);
    plan = inputs->size ? compare(*inputs, stop, progress) : search(*inputs, stop, progress);
    if (inputs->size && !options.report.empty() && !plan.stopped) {
      add_other_sizes(*inputs, plan, stop, progress);
    }
  }
  std::string page;
  if (!plan.stopped && !options.report.empty()) page = report_page(*inputs, plan, stop);
  if (plan.stopped || stop) {
    return fail(Error{"interrupted: nothing was written"}, kExitInterrupted, errors);
  }
  const std::vector<Row> rows = rows_of(plan, inputs->target);
  if (options.json != "-") print_plan(*inputs, plan, rows, out);
  const auto written = write_outputs(options, *inputs, plan, rows, page, out);
  return written ? 0 : fail(written.error(), kExitCannotWrite, errors);
}

}  // namespace warmgate::plan
