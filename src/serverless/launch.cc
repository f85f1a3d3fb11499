#include "serverless/launch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace warmgate::serverless {
namespace {

bool is_file(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool continues_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

Result<std::string> find_program(const std::string& command, const std::string& search_path) {
  if (command.find('/') != std::string::npos) {
    if (!is_file(command)) return Error{"there is no program '" + command + "'"};
    if (access(command.c_str(), X_OK) != 0) return Error{"'" + command + "' is not executable"};
    return command;
  }
  for (size_t begin = 0; begin <= search_path.size();) {
    const size_t end = std::min(search_path.find(':', begin), search_path.size());
    const std::string path = search_path.substr(begin, end - begin) + "/" + command;
    if (end > begin && is_file(path) && access(path.c_str(), X_OK) == 0) return path;
    begin = end + 1;
  }
  return Error{"there is no program '" + command + "' in PATH"};
}

std::string substitute_port(const std::string& argument, uint16_t port) {
  constexpr std::string_view kBraced = "${PORT}", kPlain = "$PORT";
  std::string out;
  for (size_t i = 0; i < argument.size();) {
    const std::string_view rest = std::string_view(argument).substr(i);
    if (rest.starts_with(kBraced)) {
      out += std::to_string(port);
      i += kBraced.size();
    } else if (rest.starts_with(kPlain) &&
               (rest.size() == kPlain.size() || !continues_a_name(rest[kPlain.size()]))) {
      out += std::to_string(port);
      i += kPlain.size();
    } else {
      out += argument[i++];
    }
  }
  return out;
}

Launch make_launch(const std::string& program, const std::vector<std::string>& command,
                   const std::vector<std::string>& inherited, const ServiceNames& names,
                   const std::string& instance, uint16_t port) {
  const std::pair<std::string, std::string> contract[] = {
      {"PORT=", std::to_string(port)},  {"K_SERVICE=", names.service},
      {"K_REVISION=", names.revision},  {"K_CONFIGURATION=", names.service},
      {"WARMGATE_INSTANCE=", instance},
  };
  Launch launch;
  launch.program = program;
  for (const std::string& argument : command) {
    const bool is_name = launch.arguments.empty();
    launch.arguments.push_back(is_name ? argument : substitute_port(argument, port));
  }
  for (const std::string& entry : inherited) {
    const bool replaced = std::any_of(std::begin(contract), std::end(contract),
                                      [&](auto& pair) { return entry.starts_with(pair.first); });
    if (!replaced) launch.environment.push_back(entry);
  }
  for (const auto& [name, value] : contract) launch.environment.push_back(name + value);
  return launch;
}

}  // namespace warmgate::serverless
