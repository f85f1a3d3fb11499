// Arm: one of the three ways in which the demo sends the same requests.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "demo/cast.h"
#include "demo/result.h"
#include "demo/view.h"
#include "load/payloads.h"
#include "load/runner.h"
#include "load/tally.h"

namespace warmgate::demo {

enum class Way { always_on_only, serverless_only, warmgate };

std::string describe(Way way);  // "the always-on server alone"

// What all arms share.
struct Setting {
  Stage& stage;
  const Installation& installation;
  const Ports& ports;
  const Plan& plan;
  std::span<const load::Payload> payloads;
  View& view;
};

class Arm {
 public:
  Arm(const Setting& setting, Way way);

  // From the start of the programs to their end. The Error says what went wrong.
  Result<ArmResult> run();

 private:
  Status start_programs();
  Status send_load();
  Status read_bill();
  void on_outcome(const load::Outcome& outcome);
  void show_second();
  void ask_for_statuses();
  uint16_t target_port() const;

  bool has_always_on() const { return way_ != Way::serverless_only; }
  bool has_serverless() const { return way_ != Way::always_on_only; }
  bool has_gateway() const { return way_ == Way::warmgate; }

  Setting setting_;
  Stage& stage_;
  const Way way_;
  Cast cast_;
  load::Tally tally_;
  load::ProfileArrivals arrivals_;
  load::Runner runner_;
  Getter serverless_getter_, gateway_getter_;
  Frame second_;  // what the present second adds up to
  uint64_t sent_before_ = 0;
  net::Timer next_second_;
  Duration sending_{};
};

// How long one request takes on an always-on server that does nothing else.
Result<Duration> measure_service_time(Stage& stage, const Installation& installation,
                                      const Ports& ports, std::span<const load::Payload> payloads);

}  // namespace warmgate::demo
