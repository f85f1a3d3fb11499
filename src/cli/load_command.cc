#include "cli/load_command.h"

#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/duration_option.h"
#include "load/command.h"

namespace warmgate::cli {
namespace {

using load::LoadOptions;

constexpr const char* kFooter = R"(Examples:
  warmgate load http://127.0.0.1:8080/healthz --rate 100/s --duration 30s
  warmgate load http://127.0.0.1:8080/v2/models/digits/infer \
      --payloads assets/digits/requests.jsonl \
      --profile '2/s for 10s, ramp 2/s..60/s over 5s, 60/s for 10s, quiet 20s, burst 40'
  warmgate load http://127.0.0.1:8080/ --trace trace.csv --from 1h --to 2h --speed 10

A profile is a list of phases with commas or line breaks between, given as it is or in a file:
  10/s for 5s, ramp 10/s..80/s over 10s, burst 40, quiet 20s
A trace is CSV with a column t_s (seconds), and count when a row is a bin of requests.
Latency counts from the time at which a request was to be sent.

Exit status: 0 after a run; 64 bad usage; with --fail-on-error 1 after errors or wrong answers.)";

void add_when(CLI::App& app, LoadOptions& options) {
  app.option_defaults()->group("When to send (one of --rate, --profile and --trace)");
  app.add_option("--rate", options.rate, "A steady rate, such as 50/s, 0.5/s or 600/m");
  add_duration(app, "--duration", options.length, "How long, with --rate");
  app.add_option("--profile", options.profile,
                 "A rate that changes: a file, or the profile itself");
  app.add_option("--trace", options.trace, "A recorded trace, sent again")->type_name("FILE");
  app.add_option("--speed", options.cut.speed, "2 sends a trace in half its time")
      ->capture_default_str();
  for (auto [flag, target] : {std::pair{"--from", &options.cut.from}, {"--to", &options.cut.to}}) {
    const auto parse = [flag = flag, target = target](const std::string& text) {
      const auto time = parse_duration(text);
      if (!time) {
        throw CLI::ValidationError(flag, "'" + text + "' is no time such as 90s or 1h30m");
      }
      *target = to_seconds(*time);
    };
    app.add_option_function<std::string>(flag, parse, "Only a part of a trace, by its own times")
        ->type_name("TIME");
  }
  const auto parse_arrivals = [&options](const std::string& text) {
    const auto spacing = workload::parse_spacing(text);
    if (!spacing) throw CLI::ValidationError("--arrivals", "'" + text + "' is not poisson or even");
    options.spacing = *spacing;
  };
  app.add_option_function<std::string>("--arrivals", parse_arrivals,
                                       "poisson: as independent users come; even: equal gaps")
      ->type_name("KIND")
      ->default_str("poisson");
  app.add_option("--seed", options.seed, "Of all that is random")->capture_default_str();
}

void add_what(CLI::App& app, LoadOptions& options) {
  app.option_defaults()->group("What to send");
  app.add_option("--payloads", options.payloads,
                 "JSON lines with bodies, labels and answers; sent in turn, answers checked")
      ->type_name("FILE");
  app.add_option("--body", options.body, "One body, sent as it is")->type_name("FILE");
  app.add_option("--method", options.method, "Default: POST with a body, GET without");
  app.add_option("--path", options.path, "Path and query instead of the URL's");
  app.add_option("--header", options.headers, "\"Name: value\"; repeatable")
      ->allow_extra_args(false);
  add_duration(app, "--timeout", options.timeout, "Of a request, from its intended time");
  app.add_option("--max-connections", options.max_connections,
                 "Requests in flight at most; one more is counted as not sent")
      ->capture_default_str();
  app.add_option("--ca-file", options.ca_file,
                 "PEM file of the certificates to trust, for https://, instead of the system's")
      ->type_name("FILE");
  app.add_flag("--insecure", options.insecure, "Take any certificate of an https:// target");
}

void add_report(CLI::App& app, LoadOptions& options) {
  app.option_defaults()->group("What to tell");
  add_duration(app, "--slo", options.slo, "Latency that a good answer should stay within");
  app.add_option("--json", options.json, "All figures as JSON; - is standard output")
      ->type_name("FILE");
  app.add_option("--log", options.log, "A line of CSV for each request")->type_name("FILE");
  app.add_flag("--quiet", options.quiet, "No line per second");
  app.add_flag("--fail-on-error", options.fail_on_error,
               "Exit status 1 after an error or a wrong answer");
}

}  // namespace

void add_load_command(CLI::App& app, int& exit_status) {
  CLI::App* command =
      app.add_subcommand("load", "Send requests as users would, and measure what they would see");
  command->footer(kFooter);
  auto options = std::make_shared<LoadOptions>();
  command->add_option("url", options->url, "Where to, such as http://127.0.0.1:8080/path")
      ->required();
  add_when(*command, *options);
  add_what(*command, *options);
  add_report(*command, *options);
  command->callback(
      [options, &exit_status] { exit_status = load::run(*options, std::cout, std::cerr); });
}

}  // namespace warmgate::cli
