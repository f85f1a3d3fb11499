#include "load/command.h"

#include <fstream>
#include <string>
#include <utility>

#include "load/session.h"

namespace warmgate::load {
namespace {

int bad_usage(const Error& error, std::ostream& errors) {
  errors << "warmgate load: " << error.message << std::endl;
  return kExitBadUsage;
}

// Opened before anything is sent, so that an hour's run is not lost for a missing folder.
Status open_output(const std::string& path, std::ofstream& file) {
  if (path.empty() || path == "-") return success();
  file.open(path, std::ios::trunc);
  if (file) return success();
  return Error{"cannot write \"" + path + "\": give a file in a folder that exists"};
}

void print_trace_problems(const ArrivalPlan& plan, std::ostream& out) {
  if (plan.bad_rows == 0) return;
  out << plan.bad_rows << " bad rows of the trace are left out:\n";
  for (const std::string& problem : plan.problems) out << "  " << problem << "\n";
  if (plan.bad_rows > plan.problems.size()) out << "  ...\n";
}

}  // namespace

int run(const LoadOptions& options, std::ostream& out, std::ostream& errors) {
  auto requests = plan_requests(options);
  if (!requests) return bad_usage(requests.error(), errors);
  auto arrivals = open_arrivals(options);
  if (!arrivals) return bad_usage(arrivals.error(), errors);
  auto payloads = open_payloads(options);
  if (!payloads) return bad_usage(payloads.error(), errors);
  std::ofstream json, log;
  if (auto opened = open_output(options.json, json); !opened) {
    return bad_usage(opened.error(), errors);
  }
  if (auto opened = open_output(options.log, log); !opened) {
    return bad_usage(opened.error(), errors);
  }

  // With --json - the figures have the standard output for themselves.
  std::ostream& text = options.json == "-" ? errors : out;
  print_trace_problems(*arrivals, text);
  Session session(
      std::move(*requests), std::move(*payloads), std::move(*arrivals), options.slo,
      {.progress = options.quiet ? nullptr : &text, .log = options.log.empty() ? nullptr : &log});
  if (auto status = session.run(); !status) return bad_usage(status.error(), errors);

  const Tally& tally = session.tally();
  text << report_table(tally, session.facts()) << std::flush;
  if (!options.json.empty()) {
    (options.json == "-" ? out : json) << report_json(tally, session.facts()) << std::flush;
  }
  log.flush();
  if (!json || !log) {
    errors << "warmgate load: the figures could not be written completely" << std::endl;
    return kExitCannotReport;
  }
  const bool failed = tally.errors() > 0 || tally.count(Ending::wrong) > 0;
  return options.fail_on_error && failed ? kExitFoundErrors : 0;
}

}  // namespace warmgate::load
