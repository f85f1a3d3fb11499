#include "serverless/runtime.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/log.h"

namespace warmgate::serverless {
namespace {

constexpr std::string_view kRoom = "serverless";
constexpr Duration kQuietPoll = 10ms;
constexpr Duration kQuietLimit = 1s;
constexpr uint64_t kStatusBody = 1024;

std::string make_tag(double wall_seconds) {
  Prng prng(static_cast<uint64_t>(wall_seconds * 1e6) ^ (static_cast<uint64_t>(getpid()) << 48));
  char text[5];
  std::snprintf(text, sizeof(text), "%04x", static_cast<unsigned>(prng.below(0x10000)));
  return text;
}

}  // namespace

Runtime::Runtime(net::EpollLoop& loop, const ServerlessOptions& options, const std::string& program,
                 World world)
    : loop_(loop),
      options_(options),
      program_(program),
      world_(std::move(world)),
      began_(loop.now()),
      tag_(make_tag(loop.wall_seconds())),
      port_prng_(options.seed ^ (static_cast<uint64_t>(getpid()) << 32)),
      pool_(options.pool, options.meter, options.seed),
      timer_(loop.timers(), [this] { tell(TimerFired{}); }),
      quiet_timer_(loop.timers(), [this] { end_when_quiet(); }),
      server_(loop, *this, transport::ServerLimits{}),
      status_server_(
          loop,
          [this](transport::SimpleRequest request, transport::Responder respond) {
            answer_status(request, std::move(respond));
          },
          transport::ServerLimits{}, kStatusBody) {}

Runtime::~Runtime() = default;

Status Runtime::listen() {
  auto at = net::Address::from_ip(options_.address, options_.port);
  if (!at) return at.error();
  if (Status status = server_.listen(*at); !status) return status;

  std::string status_at = "off";
  if (options_.status != "off") {
    const uint16_t next = options_.port == 0 ? 0 : static_cast<uint16_t>(options_.port + 1);
    auto where = options_.status ? net::Address::parse(*options_.status)
                                 : net::Address::from_ip("127.0.0.1", next);
    if (!where) return Error{"--status: " + where.error().message};
    if (Status status = status_server_.listen(*where); !status) {
      return Error{status.error().message +
                   " (that is the status page: --status ADDR:PORT or off)"};
    }
    status_at = "http://" + status_server_.address().to_string() + "/status";
  }
  log_info(kRoom, "listening on http://" + address().to_string() + ", status on " + status_at);
  tell(TimerFired{});  // the pool begins: it may have min-instances to start
  return success();
}

// ---- events in ----

void Runtime::on_request(const http::RequestHead& head, transport::ServerTransaction& client) {
  const RequestId id{++last_request_};
  if (head.content_length > options_.max_request_bytes) {
    send_text(client, head.method, 413, "request-too-large",
              "The request is larger than the platform accepts.\n");
    return tell(RequestOversized{id});
  }
  ExchangeOwner& owner = *this;
  exchanges_.emplace(id, std::make_unique<Exchange>(loop_, owner, id, head, client,
                                                    options_.max_request_bytes, protocol()));
  tell(RequestArrived{id});
}

void Runtime::tell(const Event& event) {
  events_.push_back(event);
  loop_.defer(*this);
}

void Runtime::run() {
  const std::vector<Event> events = std::exchange(events_, {});
  Actions actions;
  for (const Event& event : events) {
    note(event);
    pool_.step(loop_.now(), event, actions);
  }
  for (const Action& action : actions) {
    std::visit([this](const auto& a) { carry_out(a); }, action);
  }
  drop_finished();
  if (shutting_down_ && pool_.empty() && !quiet_timer_.armed()) {
    quiet_limit_ = loop_.now() + kQuietLimit;
    end_when_quiet();
  }
}

// What the runtime itself has to know of an event before the pool does.
void Runtime::note(const Event& event) {
  if (const auto* exited = std::get_if<ProcessExited>(&event)) instances_.erase(exited->instance);
  if (const auto* finished = std::get_if<RequestFinished>(&event)) {
    if (finished->ending != Ending::not_connected) finished_.push_back(finished->request);
  }
  if (const auto* gone = std::get_if<ClientGone>(&event)) finished_.push_back(gone->request);
  if (const auto* big = std::get_if<RequestOversized>(&event)) finished_.push_back(big->request);
}

void Runtime::drop_finished() {
  for (RequestId id : finished_) exchanges_.erase(id);
  finished_.clear();
}

// ---- the end ----

void Runtime::shut_down() {
  tell(ShutdownStarted{shutting_down_});
  if (shutting_down_) return;
  shutting_down_ = true;
  log_info(kRoom, "shutting down");
  server_.drain();
}

// All instances are gone. Answers on their way to clients get a moment more.
void Runtime::end_when_quiet() {
  if (server_.connections() == 0 || loop_.now() >= quiet_limit_) return world_.on_ended();
  quiet_timer_.arm_after(kQuietPoll);
}

// ---- status ----

std::string Runtime::instance_name(InstanceId id) const {
  return options_.names.service + "-" + tag_ + "-" + std::to_string(id.value);
}

RuntimeStatus Runtime::status() const {
  const Instant now = loop_.now();
  RuntimeStatus status;
  status.address = address().to_string();
  status.uptime = now - began_;
  status.waiting = pool_.waiting();
  status.mean_start = pool_.mean_start();
  status.wait_limit = pool_.wait_limit();
  status.counters = pool_.counters();
  status.bill = pool_.bill(now);
  for (const InstanceView& view : pool_.instances(now)) {
    InstanceStatus instance{view, instance_name(view.id), 0, 0};
    auto it = instances_.find(view.id);
    if (it != instances_.end() && it->second.process) {
      instance.pid = it->second.process->pid();
      instance.port = it->second.port;
    }
    status.instances.push_back(instance);
  }
  return status;
}

void Runtime::answer_status(const transport::SimpleRequest& request, transport::Responder respond) {
  if (request.path() != "/status") {
    return respond({404, "text/plain", "The status is at /status.\n", {}});
  }
  respond({200, "application/json", to_json(status(), options_), {{"cache-control", "no-store"}}});
}

}  // namespace warmgate::serverless
