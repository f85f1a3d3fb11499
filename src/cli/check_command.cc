#include "cli/check_command.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "cli/exit_status.h"
#include "config/reference.h"
#include "gateway/tls_contexts.h"

namespace warmgate::cli {
namespace {

struct CheckOptions {
  std::string file;
  bool json = false;
  bool print_schema = false;
  bool print_reference = false;
};

int run_check(const CheckOptions& options) {
  if (options.print_schema) {
    std::cout << config::json_schema();
    return 0;
  }
  if (options.print_reference) {
    std::cout << config::reference_markdown();
    return 0;
  }
  if (options.file.empty()) {
    std::cerr << "warmgate check: give the file to check: -c FILE\n";
    return kExitUsage;
  }
  config::Loaded loaded = config::load_file(options.file);
  if (loaded.config) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const double seconds = std::chrono::duration<double>(now).count();
    if (auto fault = gateway::find_tls_fault(*loaded.config, seconds)) {
      loaded.errors.push_back({{}, "", *fault});
      loaded.config.reset();
    }
  }
  return report_check(loaded, options.json, std::cout, std::cerr);
}

}  // namespace

int report_check(const config::Loaded& loaded, bool json, std::ostream& out, std::ostream& errors) {
  if (json) out << config::loaded_json(loaded);
  if (!json && !loaded.errors.empty()) errors << loaded.error_text() << "\n";
  if (!json && !loaded.hints.empty()) errors << loaded.hint_text() << "\n";
  if (!json && loaded.config) out << config::resolved_yaml(*loaded.config);
  if (loaded.unreadable) return kExitUnreadable;
  return loaded.config ? 0 : kExitInvalidConfig;
}

void add_check_command(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* check = app.add_subcommand(
      "check", "Validate a configuration and print it with every key and its value");
  check->add_option("-c,--config", options->file, "The file to check; - is standard input");
  check->add_flag("--json", options->json, "Print the result as JSON");
  // For the files in the repository that come from the table of keys; an empty group hides them.
  check->add_flag("--print-schema", options->print_schema)->group("");
  check->add_flag("--print-reference", options->print_reference)->group("");
  check->callback([options, &exit_status] { exit_status = run_check(*options); });
}

}  // namespace warmgate::cli
