// Session: one load run, from the look-up of the name to the report.
#pragma once

#include <memory>
#include <ostream>
#include <vector>

#include "load/options.h"
#include "load/progress.h"
#include "load/report.h"
#include "load/request_log.h"
#include "load/runner.h"
#include "load/tally.h"
#include "net/epoll_loop.h"
#include "net/resolver_ares.h"

namespace warmgate::load {

class Session {
 public:
  struct Outputs {
    std::ostream* progress = nullptr;  // a line per second; nullptr for none
    std::ostream* log = nullptr;       // a line per request; nullptr for none
  };

  Session(RequestPlan plan, std::vector<Payload> payloads, ArrivalPlan arrivals, Duration slo,
          const Outputs& outputs);

  // The error is that of the look-up; nothing was sent then.
  Status run();

  const Tally& tally() const { return tally_; }
  RunFacts facts() const;

 private:
  void on_resolved(Result<net::Resolution> result);
  void on_outcome(const Outcome& outcome);
  void on_signal();
  void print_progress();

  static constexpr Duration kPatience = 5s;  // with what is open after the first signal

  net::EpollLoop loop_;
  net::AresResolver resolver_{loop_};
  RequestPlan plan_;
  const std::vector<Payload> payloads_;
  ArrivalPlan arrivals_;
  std::ostream* progress_out_;
  std::unique_ptr<RequestLog> log_;
  Tally tally_;
  Progress progress_;
  net::Timer second_;
  net::Timer patience_;
  std::unique_ptr<net::EpollLoop::Watch> signals_;
  std::unique_ptr<net::Resolver::Lookup> lookup_;
  std::unique_ptr<Runner> runner_;
  Duration elapsed_{};
  Status lookup_status_ = success();
  bool interrupted_ = false;
};

}  // namespace warmgate::load
