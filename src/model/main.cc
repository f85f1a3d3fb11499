// warmgate-model: an ONNX model behind the Open Inference Protocol.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "base/log.h"
#include "model/instance.h"
#include "model/serve.h"

namespace {

using namespace warmgate;
using model::ServeOptions;

constexpr const char* kServeHelp =
    "Serve an ONNX model over HTTP: /v2, /v2/health/live, /v2/health/ready, /v2/models/NAME, "
    "/v2/models/NAME/infer and /metrics";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void log_to_stderr(LogLevel level, std::string_view, std::string_view message) {
  const char* mark = level == LogLevel::warning ? "warning: "
                     : level == LogLevel::error ? "error: "
                                                : "";
  std::fprintf(stderr, "warmgate-model: %s%.*s\n", mark, static_cast<int>(message.size()),
               message.data());
}

int bad_usage(const std::string& sentence) {
  std::fprintf(stderr, "warmgate-model: %s Try: warmgate-model serve --help\n", sentence.c_str());
  return model::kExitUsage;
}

// NAME=FILE, where NAME can stand in a path.
bool split_model(const std::string& text, ServeOptions& options) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals + 1 == text.size()) return false;
  options.model_name = text.substr(0, equals);
  options.model_file = text.substr(equals + 1);
  return model::is_good_instance_id(options.model_name);  // the same letters
}

void declare(CLI::App& serve, std::string& model_flag, ServeOptions& options) {
  serve.add_option("--model", model_flag, "NAME=FILE.onnx: one input, one output, of float32")
      ->required();
  serve.add_option("--port", options.port, "TCP port; default $PORT, else 8080; 0: any free one")
      ->envname("PORT");
  serve.add_option("--host", options.host, "Address to listen on")->capture_default_str();
  serve.add_option("--workers", options.workers, "Inferences at a time, each on one core")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  serve.add_option("--max-queue", options.max_queue, "Requests that may wait for a worker")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  serve.add_option("--max-batch", options.max_batch, "Largest batch in one request")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  serve.add_flag("--allow-release", options.can_release,
                 "End when POST /release asks for it with the field warmgate-release, as warmgate "
                 "does where idle instances are paid");
}

std::string random_instance_id() {
  std::random_device device;
  const uint64_t random = (static_cast<uint64_t>(device()) << 32) | device();
  return model::make_instance_id(environment("K_REVISION"), random);
}

}  // namespace

int main(int argc, char** argv) {
  set_log_sink(log_to_stderr);
  ServeOptions options;
  options.version = WARMGATE_VERSION;
  std::string model_flag;
  CLI::App app("warmgate-model: an ONNX model behind the Open Inference Protocol");
  app.set_version_flag("--version", options.version);
  app.require_subcommand(1);
  declare(*app.add_subcommand("serve", kServeHelp), model_flag, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return bad_usage(std::string(error.what()) + ".");
  }
  if (!split_model(model_flag, options)) {
    return bad_usage("--model must be NAME=FILE, such as digits=digits.onnx.");
  }
  options.instance_id = environment("WARMGATE_INSTANCE");
  if (options.instance_id.empty()) options.instance_id = random_instance_id();
  if (!model::is_good_instance_id(options.instance_id)) {
    return bad_usage("$WARMGATE_INSTANCE may have letters, digits, '-', '_', '.' and ':' only.");
  }
  return model::serve(options);
}
