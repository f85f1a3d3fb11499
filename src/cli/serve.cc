#include "cli/serve.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "admin/admin_server.h"
#include "base/log.h"
#include "cli/check_command.h"
#include "cli/exit_status.h"
#include "cli/line_writer.h"
#include "cli/logging.h"
#include "cli/recording_files.h"
#include "gateway/gateway.h"
#include "net/epoll_loop.h"
#include "net/loop_thread.h"
#include "net/resolver_ares.h"

namespace warmgate::cli {
namespace {

// Descriptors beside the connections, for each thread: listeners, logs, the resolver's sockets,
// epoll, probes.
constexpr uint64_t kOtherDescriptors = 64;

uint64_t descriptors_needed(const config::Config& config) {
  uint64_t upstream = 0, idle = 0;
  for (const config::Service& service : config.services) {
    upstream += uint64_t{service.policy.always_on.backends} * service.policy.always_on.concurrency;
    upstream += uint64_t{service.policy.serverless.backends} *
                service.policy.serverless.concurrency * service.policy.serverless.max_instances;
    // What the other threads keep idle.
    const uint64_t backends = service.always_on.size() + service.serverless.size();
    if (config.threads > 1) idle += backends * service.limits.max_idle_connections;
  }
  const uint64_t downstream = config.limits.max_connections;
  return downstream + std::min(upstream, downstream) + idle + kOtherDescriptors * config.threads;
}

// Raises the soft limit to the hard one. An Error says what to do when that is not enough.
Status ensure_descriptors(uint64_t needed) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= needed) return success();
  return Error{"too few file descriptors: " + std::to_string(needed) +
               " may be needed, the limit is " + std::to_string(limit.rlim_cur) +
               "; raise it (ulimit -n " + std::to_string(needed) +
               ") or lower limits.max_connections"};
}

HashKey random_secret() {
  std::random_device device;
  const auto word = [&] { return uint64_t{device()} << 32 | device(); };
  const uint64_t first = word();
  return {first, word()};
}

// What a worker but the first one runs on.
struct Helper {
  net::LoopThread thread;
  net::AresResolver resolver{thread.loop()};
};

// One run of the gateway, from start to the end of the drain.
class ServeRun {
 public:
  explicit ServeRun(const config::Config& config)
      : config_(config),
        resolver_(loop_),
        helpers_(config.threads - 1),
        gateway_(
            sites(), config_, [this](std::string_view lines) { log_.write(lines); },
            std::random_device{}(), random_secret()),
        recording_files_(gateway_, config_.recorder.directory),
        drain_poll_(loop_.timers(), [this] { poll_drain(); }) {}

  int run() {
    if (!listen_admin()) return exit_status_;
    const auto signals = loop_.on_signals({SIGTERM, SIGINT}, [this](int) { on_signal(); });
    gateway_.start([this](gateway::Gateway::StartFailure failure, const std::string& problem) {
      on_started(failure, problem);
    });
    if (exit_status_ == 0) run_loops();
    if (config_.recorder.on_drain && gateway_.draining()) recording_files_.write_all();
    return exit_status_;
  }

 private:
  static constexpr Duration kDrainPoll = 10ms;

  std::vector<gateway::Site> sites() {
    std::vector<gateway::Site> sites = {{loop_, resolver_}};
    for (Helper& helper : helpers_) sites.push_back({helper.thread.loop(), helper.resolver});
    return sites;
  }

  // The helpers' threads run while ours does: whoever asks them something gets an answer.
  void run_loops() {
    for (Helper& helper : helpers_) helper.thread.run();
    loop_.run();
    for (Helper& helper : helpers_) helper.thread.end();
  }

  bool listen_admin() {
    if (!config_.admin) return true;
    admin_ = std::make_unique<admin::AdminServer>(loop_, gateway_);
    const auto address =
        net::Address::parse(config_.admin->host + ":" + std::to_string(config_.admin->port));
    const Status listening = address ? admin_->listen(*address) : Status(address.error());
    if (!listening) fail(kExitCannotListen, "admin: " + listening.error().message);
    return listening.ok();
  }

  void on_started(gateway::Gateway::StartFailure failure, const std::string& problem) {
    using StartFailure = gateway::Gateway::StartFailure;
    if (failure == StartFailure::bad_tls) return fail(kExitInvalidConfig, problem);
    if (failure == StartFailure::unresolved_name) return fail(kExitUnresolvedName, problem);
    if (failure == StartFailure::cannot_listen) return fail(kExitCannotListen, problem);
    std::string where;
    for (size_t i = 0; i < config_.listen.size(); ++i) {
      where += std::string(i == 0 ? "" : ", ") + (config_.listen[i].tls ? "https://" : "") +
               gateway_.address(i).to_string();
    }
    const std::string status =
        admin_ == nullptr ? "" : "; status at http://" + admin_->address().to_string() + "/";
    const bool serverless =
        std::any_of(config_.services.begin(), config_.services.end(),
                    [](const config::Service& service) { return !service.serverless.empty(); });
    log_info(
        "serve",
        "listening on " + where + status +
            (serverless ? "; the serverless pools' state is unknown until something answers" : ""));
  }

  void fail(int exit_status, const std::string& problem) {
    std::cerr << "warmgate serve: " << problem << std::endl;
    exit_status_ = exit_status;
    loop_.stop();
  }

  void on_signal() {
    if (gateway_.draining() || !gateway_.started()) return loop_.stop();
    log_info("serve", "draining: no new connections; requests under way finish within " +
                          format_duration(config_.drain_timeout));
    gateway_.drain();
    drain_until_ = loop_.now() + config_.drain_timeout;
    poll_drain();
  }

  void poll_drain() {
    if (gateway_.drained()) {
      log_info("serve", "drained");
      return loop_.stop();
    }
    if (loop_.now() >= drain_until_) {
      log_warning("serve", "the drain timeout is over: " + std::to_string(gateway_.connections()) +
                               " connections are cut off");
      gateway_.cut_tunnels();  // so that their lines in the access log are written
      return loop_.stop();
    }
    drain_poll_.arm_after(kDrainPoll);
  }

  const config::Config& config_;
  LineWriter log_{STDOUT_FILENO};
  net::EpollLoop loop_;
  net::AresResolver resolver_;
  std::vector<Helper> helpers_;  // one for each worker beside the first
  gateway::Gateway gateway_;
  const RecordingFiles recording_files_;
  std::unique_ptr<admin::AdminServer> admin_;
  net::Timer drain_poll_;
  Instant drain_until_{};
  int exit_status_ = 0;
};

}  // namespace

int serve(const config::Config& config, const std::string& hints) {
  // A reader of our logs that goes away must not end the service.
  std::signal(SIGPIPE, SIG_IGN);
  // Before the first thread: each inherits the mask, so that only the loop is told.
  sigset_t told_to_loop;
  sigemptyset(&told_to_loop);
  sigaddset(&told_to_loop, SIGTERM);
  sigaddset(&told_to_loop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &told_to_loop, nullptr);
  const Logging logging(config.log.format == config::LogFormat::json, config.log.level);
  if (!hints.empty()) log_warning("config", hints);
  if (const Status enough = ensure_descriptors(descriptors_needed(config)); !enough) {
    std::cerr << "warmgate serve: " << enough.error().message << std::endl;
    return kExitFewDescriptors;
  }
  return ServeRun(config).run();
}

}  // namespace warmgate::cli
