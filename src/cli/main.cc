// warmgate: one program, one subcommand for each task.
#include <CLI/CLI.hpp>

#include "cli/check_command.h"
#include "cli/demo_command.h"
#include "cli/exit_status.h"
#include "cli/load_command.h"
#include "cli/plan_command.h"
#include "cli/replay_command.h"
#include "cli/serve_command.h"
#include "cli/serverless_command.h"
#include "cli/status_command.h"

namespace {

constexpr const char* kDescription =
    "warmgate: an inference gateway in front of an always-on and a serverless pool of one model.\n"
    "It hides cold starts from users, at nearly the cost of perfect foresight.";

constexpr const char* kFooter =
    "New here? `warmgate demo` shows it at work on this machine in two minutes.\n"
    "Each command explains itself: warmgate COMMAND --help";

}  // namespace

int main(int argc, char** argv) {
  using namespace warmgate::cli;
  CLI::App app(kDescription, "warmgate");
  app.set_version_flag("--version", "warmgate " WARMGATE_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  int exit_status = 0;
  add_demo_command(app, exit_status);
  add_serve_command(app, exit_status);
  add_check_command(app, exit_status);
  add_status_command(app, exit_status);
  add_plan_command(app, exit_status);
  add_replay_command(app, exit_status);
  add_load_command(app, exit_status);
  add_serverless_command(app, exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kExitUsage;
  }
  return exit_status;
}
