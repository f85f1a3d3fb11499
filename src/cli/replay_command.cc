#include "cli/replay_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/assert.h"
#include "cli/check_command.h"
#include "cli/exit_status.h"
#include "cli/replay_report.h"
#include "config/loader.h"

namespace warmgate::cli {
namespace {

constexpr int kExitDiverged = 1;
constexpr int kExitNotReplayable = 3;  // by this version of the program
constexpr int kExitNoRecording = 65;   // the file is none, as in sysexits.h
constexpr int kExitBroken = 70;        // an invariant breaks, as perhaps it did then
constexpr int kExitNotWritten = 74;
constexpr size_t kMostFile = 4ull << 30;

constexpr const char* kFooter = R"(Examples:
  curl -o digits.recording http://127.0.0.1:9901/recordings/digits
  warmgate replay digits.recording
  warmgate replay digits.recording --policy nginx-backup
  warmgate replay digits.recording -c warmgate.yaml

Exit status: 0 the same actions, bit for bit (or simulated, with --policy or --config); 1 another
action, which is shown; 3 of a version whose recordings this one cannot replay; 64 bad usage; 65 no
recording; 66 a file cannot be read; 70 an invariant breaks; 74 a file cannot be written; 78 a wrong
configuration.)";

struct ReplayOptions {
  std::string file;
  std::string policy;
  std::string config;
  std::string service;
  std::string json;
  uint64_t seed = 1;

  bool simulates() const { return !policy.empty() || !config.empty(); }
};

int fail(int exit_status, const std::string& problem) {
  std::cerr << "warmgate replay: " << problem << "\n";
  return exit_status;
}

// Says why not; empty when `bytes` is the file.
std::string read_file(const std::string& path, std::string& bytes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return "it is a directory";
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  in.seekg(0, std::ios::end);
  const auto size = in.tellg();
  if (in && static_cast<uint64_t>(size) > kMostFile) {
    return "longer than " + std::to_string(kMostFile >> 20) + " MiB, so no recording of warmgate's";
  }
  if (in) {
    in.seekg(0);
    bytes.resize(static_cast<size_t>(size));
    in.read(bytes.data(), size);
  }
  if (in) return "";
  return errno != 0 ? std::strerror(errno) : "it is no file with an end";
}

uint64_t g_step = 0;  // that is being replayed

// What broke in production may break here: then that is the finding, and no second crash.
void broken_again(const char*, const char*, const char*, int) {
  std::fprintf(stderr, "warmgate replay: it breaks at step %llu\n",
               static_cast<unsigned long long>(g_step));
  std::fflush(nullptr);
  std::_Exit(kExitBroken);
}

// The settings of the second column.
Result<policy::ServiceSettings> other_settings(const ReplayOptions& options,
                                               const recording::Recording& recording,
                                               int& exit_status) {
  if (options.config.empty()) return *recording.segments.back().settings;
  const config::Loaded loaded = config::load_file(options.config);
  if (!loaded.config) {
    exit_status = loaded.unreadable ? kExitUnreadable : kExitInvalidConfig;
    return Error{loaded.error_text()};
  }
  const std::string wanted = options.service.empty() ? recording.service : options.service;
  const auto& services = loaded.config->services;
  const auto found = std::ranges::find(services, wanted, &config::Service::name);
  if (found != services.end()) return found->policy;
  if (options.service.empty() && services.size() == 1) return services.front().policy;
  exit_status = kExitUsage;
  return Error{options.config + " has no service " + wanted + "; name one by --service"};
}

int simulate(const ReplayOptions& options, ReplayReport& report) {
  const recording::Recording& recording = report.recording;
  if (!recording.segments.back().settings) {
    return fail(kExitNotReplayable, "the recording is of warmgate " + recording.version +
                                        ", whose settings this program cannot read; use that "
                                        "version");
  }
  int exit_status = 0;
  const auto settings = other_settings(options, recording, exit_status);
  if (!settings) return fail(exit_status, settings.error().message);
  const std::string name = options.policy.empty() ? "warmgate" : options.policy;
  const auto policies = plan::select_policies(name, &*settings);
  if (!policies) return fail(kExitUsage, "--policy: " + policies.error().message);
  const plan::Policy& policy = policies->front();
  if (name == "all" || policy.kind == plan::Policy::Kind::oracle) {
    return fail(kExitUsage,
                "--policy takes one policy that decides request by request; see "
                "warmgate plan for the others");
  }
  report.otherwise = options.config.empty() ? name : options.config;
  const auto simulated = replay::what_if(report.history, *recording.segments.back().settings,
                                         *settings, policy, options.seed);
  if (!simulated) return fail(kExitNoRecording, simulated.error().message);
  report.what_if = *simulated;
  return 0;
}

int verify(ReplayReport& report) {
  set_assert_hook(&broken_again);
  recording::ReplayOptions options;
  options.before_step = [](const recording::Step& step) { g_step = step.number; };
  const auto replayed = recording::replay(report.recording, options);
  set_assert_hook(nullptr);
  if (!replayed) {
    report.not_replayed = replayed.error().message;
    return kExitNotReplayable;
  }
  report.replayed = *replayed;
  return replayed->divergence || !replayed->same_state ? kExitDiverged : 0;
}

int run_replay(const ReplayOptions& options) {
  std::string bytes;
  if (const std::string problem = read_file(options.file, bytes); !problem.empty()) {
    return fail(kExitUnreadable, "cannot read " + options.file + ": " + problem);
  }
  const auto recording = recording::read_recording(bytes);
  if (!recording) return fail(kExitNoRecording, options.file + ": " + recording.error().message);
  const recording::History history = recording::history_of(*recording);
  ReplayReport report{*recording, history};
  const int exit_status = options.simulates() ? simulate(options, report) : verify(report);
  if (options.simulates() && exit_status != 0) return exit_status;
  if (options.json == "-") {
    std::cout << replay_json(report).dump(2) << "\n";
    return exit_status;
  }
  std::cout << replay_text(report);
  if (options.json.empty()) return exit_status;
  std::ofstream out(options.json);
  out << replay_json(report).dump(2) << "\n";
  out.close();
  return out ? exit_status : fail(kExitNotWritten, "cannot write " + options.json);
}

}  // namespace

void add_replay_command(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App* replay = app.add_subcommand(
      "replay", "Have a service's last minutes again, or as they would have been otherwise");
  replay->footer(kFooter);
  replay->add_option("file", options->file, "A recording: from /recordings/SERVICE, or a crash")
      ->required()
      ->type_name("FILE");
  replay->add_option("--policy", options->policy,
                     "Simulate with this policy instead; warmgate plan --help names them");
  replay
      ->add_option("-c,--config", options->config,
                   "Simulate with the settings of this configuration instead")
      ->type_name("FILE");
  replay->add_option("--service", options->service,
                     "Which service of the configuration; else that of the recording's name");
  replay->add_option("--json", options->json, "All figures as JSON; - is standard output")
      ->type_name("FILE");
  replay->add_option("--seed", options->seed, "Of what is drawn when simulating")
      ->capture_default_str();
  replay->callback([options, &exit_status] { exit_status = run_replay(*options); });
}

}  // namespace warmgate::cli
