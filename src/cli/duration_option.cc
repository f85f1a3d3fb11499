#include "cli/duration_option.h"

namespace warmgate::cli {

CLI::Option* add_duration(CLI::App& app, const std::string& flag, Duration& target,
                          const std::string& help) {
  const auto parse = [&target, flag](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration || *duration < 0s) {
      throw CLI::ValidationError(flag, "'" + text + "' is no duration such as 500ms, 15s or 4m");
    }
    target = *duration;
  };
  return app.add_option_function<std::string>(flag, parse, help)
      ->type_name("DURATION")
      ->default_str(format_duration(target));
}

}  // namespace warmgate::cli
