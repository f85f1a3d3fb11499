#include "model/serve.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "model/opencv_engine.h"
#include "model/server.h"
#include "net/epoll_loop.h"

namespace warmgate::model {
namespace {

using Engines = std::vector<std::unique_ptr<InferenceEngine>>;

// A platform grants 10 s between SIGTERM and SIGKILL; some of it is for the way out.
constexpr Duration kDrainLimit = 8s;

int fail(int status, const std::string& sentence) {
  std::fprintf(stderr, "warmgate-model: %s\n", sentence.c_str());
  return status;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return std::nullopt;
  return content;
}

Result<Engines> load_engines(const std::string& onnx, size_t count) {
  Engines engines;
  for (size_t i = 0; i < count; ++i) {
    auto engine = load_opencv_engine(onnx);
    if (!engine) return engine.error();
    engines.push_back(std::move(*engine));
  }
  return engines;
}

int run(net::EpollLoop& loop, const net::Address& address, const ServeOptions& options,
        Instant started, Engines engines) {
  bool stopping = false;
  bool complete = true;
  ModelServer* server_address = nullptr;
  // Before the server: its worker threads must inherit that these signals are blocked.
  const auto stop = [&] {
    if (std::exchange(stopping, true)) return;
    log_info("model", "stopping: finishing what was accepted");
    server_address->drain(kDrainLimit, [&](bool all_answered) {
      complete = all_answered;
      loop.stop();
    });
  };
  const auto signals = loop.on_signals({SIGTERM, SIGINT}, [&](int) {
    if (stopping) std::_Exit(kExitOk);  // asked twice: at once
    stop();
  });

  ServiceOptions service;
  service.model_name = options.model_name;
  service.instance_id = options.instance_id;
  service.server_version = options.version;
  service.started = started;
  service.max_queue = options.max_queue;
  service.limits.max_batch = options.max_batch;
  if (options.can_release) service.on_release = stop;
  ModelServer server(loop, std::move(service), std::move(engines));
  server_address = &server;
  if (const Status listening = server.listen(address); !listening) {
    return fail(kExitCannotListen, listening.error().message);
  }
  log_info("model", "serving " + options.model_name + " on " + server.address().to_string() +
                        " with " + std::to_string(options.workers) + " worker(s), instance " +
                        options.instance_id);
  loop.run();
  // An inference that still runs cannot be stopped, and nobody waits for it any more.
  if (!complete) std::_Exit(kExitOk);
  return kExitOk;
}

}  // namespace

int serve(const ServeOptions& options) {
  net::EpollLoop loop;
  const Instant started = loop.now();
  const auto address = net::Address::from_ip(options.host, options.port);
  if (!address) return fail(kExitUsage, "--host: " + address.error().message + ".");
  const auto onnx = read_file(options.model_file);
  if (!onnx) {
    return fail(kExitNoModelFile, "Cannot read the model file " + options.model_file +
                                      ": check the path in --model and its permissions.");
  }
  auto engines = load_engines(*onnx, options.workers);
  if (!engines) {
    return fail(kExitNotAModel, options.model_file + " " + engines.error().message + ".");
  }
  return run(loop, *address, options, started, std::move(*engines));
}

}  // namespace warmgate::model
