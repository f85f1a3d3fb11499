#include "load/session.h"

#include <csignal>
#include <utility>

namespace warmgate::load {

Session::Session(RequestPlan plan, std::vector<Payload> payloads, ArrivalPlan arrivals,
                 Duration slo, const Outputs& outputs)
    : plan_(std::move(plan)),
      payloads_(std::move(payloads)),
      arrivals_(std::move(arrivals)),
      progress_out_(outputs.progress),
      tally_(slo),
      second_(loop_.timers(), [this] { print_progress(); }),
      patience_(loop_.timers(), [this] { runner_->abandon(); }) {
  if (outputs.log != nullptr) log_ = std::make_unique<RequestLog>(*outputs.log);
}

Status Session::run() {
  signals_ = loop_.on_signals({SIGINT, SIGTERM}, [this](int) { on_signal(); });
  lookup_ = resolver_.resolve(plan_.target.host, plan_.target.port,
                              [this](Result<net::Resolution> result) { on_resolved(result); });
  loop_.run();
  return lookup_status_;
}

void Session::on_resolved(Result<net::Resolution> result) {
  if (!result) {
    lookup_status_ = Error{"cannot find " + plan_.target.host + ": " + result.error().message};
    return loop_.stop();
  }
  plan_.settings.addresses = std::move(result->addresses);
  runner_ = std::make_unique<Runner>(
      loop_, plan_.settings, payloads_, *arrivals_.arrivals,
      Runner::Callbacks{[this](const Outcome& outcome) { on_outcome(outcome); },
                        [this] { loop_.stop(); }});
  runner_->start();
  if (progress_out_ != nullptr) second_.arm_after(1s);
}

void Session::on_outcome(const Outcome& outcome) {
  tally_.add(outcome);
  progress_.add(outcome);
  if (log_ != nullptr) log_->add(outcome);
  elapsed_ = runner_->elapsed();
}

// The first signal ends the sending, the second one the waiting.
void Session::on_signal() {
  if (runner_ == nullptr) {
    lookup_status_ = Error{"interrupted before anything was sent"};
    return loop_.stop();
  }
  if (std::exchange(interrupted_, true)) return runner_->abandon();
  runner_->stop_sending();
  patience_.arm_after(kPatience);
}

void Session::print_progress() {
  *progress_out_ << progress_.line(runner_->elapsed(), runner_->sent(), runner_->in_flight())
                 << std::endl;
  second_.arm(second_.deadline() == kNever ? loop_.now() + 1s : second_.deadline() + 1s);
}

RunFacts Session::facts() const {
  RunFacts facts{.target = plan_.target.url(),
                 .elapsed = elapsed_,
                 .bad_trace_rows = arrivals_.bad_rows,
                 .interrupted = interrupted_};
  if (runner_ != nullptr) {
    facts.connections_opened = runner_->connections().opened;
    facts.connections_reused = runner_->connections().reused;
  }
  return facts;
}

}  // namespace warmgate::load
