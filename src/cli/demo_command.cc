#include "cli/demo_command.h"

#include <unistd.h>

#include <iostream>
#include <memory>

#include "cli/duration_option.h"
#include "demo/command.h"

namespace warmgate::cli {

void add_demo_command(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand(
      "demo", "Show it at work: real processes on this machine, three ways compared, two minutes");
  auto options = std::make_shared<demo::DemoOptions>();
  add_duration(*command, "--duration", options->length, "Of the whole demo, from 45s");
  command->add_option("--json", options->json, "The final figures as JSON")->type_name("FILE");
  command->add_option("--assets", options->assets, "Folder of digits.onnx and requests.jsonl")
      ->type_name("DIR");
  command->callback([options, &exit_status] {
    options->terminal = isatty(STDOUT_FILENO) == 1;
    exit_status = demo::run(*options, std::cout, std::cerr);
  });
}

}  // namespace warmgate::cli
