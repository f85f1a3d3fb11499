// Profile: a load that changes over time, written by people.
//
//     10/s for 5s, ramp 10/s..80/s over 10s, burst 40, quiet 20s
//
// Grammar. Phases, one after another, separated by commas, semicolons or ends of lines; the rest of
//          a line after '#' is a comment.
//            RATE for DURATION             a steady rate
//            ramp RATE..RATE over DURATION a rate that changes evenly
//            burst N                       N requests at once
//            quiet DURATION                no requests
//          RATE is a number "per s, m or h": 10/s, 0.5/s, 600/m. DURATION has a unit: 5s, 2m,
//          1h30m.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"
#include "load/arrivals.h"

namespace warmgate::load {

// A burst is a phase without duration. Otherwise the rate goes evenly from `from` to `to`.
struct Phase {
  double from = 0, to = 0;  // requests per second
  Duration length{};
  uint64_t burst = 0;

  bool operator==(const Phase&) const = default;
};
using Profile = std::vector<Phase>;

inline constexpr double kMaxRate = 1e6;
inline constexpr uint64_t kMaxBurst = 1'000'000;
inline constexpr Duration kMaxLength = std::chrono::hours(24 * 366);

// A number of requests per second, such as "10/s" or "600/m".
std::optional<double> parse_rate(std::string_view text);

// The error names the phase and shows how it is written. A profile sends at least one request in
// expectation.
Result<Profile> parse_profile(std::string_view text);

Duration length_of(const Profile& profile);

// ProfileArrivals turns a profile into times.
//
// Model.   Demand is the integral of the rate. Requests stand where it passes k + 1/2 (even), or
//          where it passes the points of a Poisson process of rate one (poisson). Both therefore
//          hold through changes of the rate, and the expected number is exact.
class ProfileArrivals final : public Arrivals {
 public:
  ProfileArrivals(Profile profile, Spacing spacing, uint64_t seed);
  std::optional<Duration> next() override;

 private:
  double demand_of(const Phase& phase) const;
  void draw();
  void enter_next_phase();

  const Profile profile_;
  const Spacing spacing_;
  Prng prng_;
  size_t phase_ = 0;
  Duration phase_start_{};
  double mark_ = 0;  // demand still to pass, from the start of this phase to the next request
  uint64_t burst_left_ = 0;
};

}  // namespace warmgate::load
