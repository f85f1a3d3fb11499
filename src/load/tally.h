// Tally: the figures of a load run, added up outcome by outcome.
//
// Honesty. Latency counts from the time at which a request was to be sent. It covers good and wrong
//          answers and, with the time that was waited, those that timed out, so that a server that
//          never answers cannot look fast. Answers that say no are a distribution of their own.
// Over SLO. Every request that did not get a good answer within the SLO, whatever else happened.
// Bounds.  Memory does not grow with the run: at most kMaxLabels names of pools and of reasons are
//          kept, later ones count as "(other)".
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "load/outcome.h"
#include "stats/latency_histogram.h"

namespace warmgate::load {

class Tally {
 public:
  static constexpr size_t kMaxLabels = 32;

  struct Pool {
    uint64_t answers = 0;
    uint64_t cold_starts = 0;
    stats::LatencyHistogram latency;  // of its good and wrong answers
  };
  using Pools = std::map<std::string, Pool, std::less<>>;
  using Reasons = std::map<std::string, uint64_t, std::less<>>;

  explicit Tally(Duration slo) : slo_(slo) {}
  void add(const Outcome& outcome);

  Duration slo() const { return slo_; }
  uint64_t arrivals() const { return arrivals_; }  // that have come to an end
  uint64_t count(Ending ending) const { return endings_[static_cast<size_t>(ending)]; }
  uint64_t sent() const { return arrivals_ - count(Ending::not_sent); }
  uint64_t answers() const;
  uint64_t errors() const;  // all but ok, wrong and abandoned
  uint64_t over_slo() const { return over_slo_; }
  uint64_t cold_starts() const { return cold_starts_; }
  uint64_t late_cold_starts() const { return late_cold_starts_; }  // of them, over the SLO
  uint64_t checked() const { return checked_; }                    // answers that were compared
  uint64_t rows() const { return rows_; }                          // of inputs with known labels
  uint64_t rows_true() const { return rows_true_; }
  const stats::LatencyHistogram& latency() const { return latency_; }
  const stats::LatencyHistogram& refusal_latency() const { return refusal_latency_; }
  const stats::LatencyHistogram& lag() const { return lag_; }
  const Pools& pools() const { return pools_; }
  const Reasons& reasons() const { return reasons_; }

 private:
  Duration slo_;
  uint64_t arrivals_ = 0;
  std::array<uint64_t, kEndings> endings_{};
  uint64_t over_slo_ = 0, cold_starts_ = 0, late_cold_starts_ = 0, checked_ = 0, rows_ = 0,
           rows_true_ = 0;
  stats::LatencyHistogram latency_, refusal_latency_, lag_;
  Pools pools_;
  Reasons reasons_;
};

}  // namespace warmgate::load
