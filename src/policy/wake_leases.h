#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "policy/events.h"

namespace warmgate::policy {

// WakeLeases are the wakes in flight: single flight per needed instance, each with a lease of its
// own, tied to no client.
//
// Model.    A wake holds its lease until it is answered or the lease expires. After a failed one no
//           further is sent for a pause that doubles. After one that brought nothing new, none is
//           sent for a pause of its own, but where more instances are wanted than were then.
// Bounds.   At most kMost leases. kFirstPause <= pause <= kLongestPause.
class WakeLeases {
 public:
  static constexpr uint32_t kMost = 16;
  static constexpr Duration kFirstPause = 500ms;
  static constexpr Duration kLongestPause = 10s;
  static constexpr Duration kLongestFutilePause = 60s;

  struct Lease {
    ProbeId probe{};
    uint16_t backend = 0;
    bool from_cold = true;  // sent while no instance was ready
    bool orders = true;     // nobody is there who could answer at once: the platform starts one
    bool asks = false;      // for an instance that was ordered before
    uint32_t wanted = 1;    // instances in all, when it was sent
    Instant sent{};
    Instant expires{};
  };

  uint32_t in_flight() const { return static_cast<uint32_t>(leases_.size()); }
  bool may_send(Instant now) const { return now >= paused_until_ && in_flight() < kMost; }
  bool may_ask_for(Instant now, uint32_t instances) const {
    return now >= futile_until_ || instances > futile_wanted_;
  }
  // The last ones brought nothing new, and that is not long ago.
  bool in_vain(Instant now) const {
    return futile_pause_ > Duration{} && now < futile_until_ + kLongestFutilePause;
  }
  Instant paused_until() const { return std::max(paused_until_, futile_until_); }
  Instant oldest_sent() const { return leases_.empty() ? kNever : leases_.front().sent; }
  Instant next_expiry() const;

  void sent(const Lease& lease) { leases_.push_back(lease); }
  // Ends the lease of a probe and fills `lease`; false when there is none (it had expired).
  bool ended(ProbeId probe, Lease& lease);
  // Drops the leases whose time is over; how many.
  uint32_t expire(Instant now);

  void succeeded() { pause_ = futile_pause_ = Duration{}; }
  void failed(Instant now);
  void futile(Instant now, Duration first_pause, uint32_t wanted);  // as the lease says

  uint32_t ordering() const {
    return static_cast<uint32_t>(
        std::ranges::count_if(leases_, [](const Lease& lease) { return lease.orders; }));
  }

  template <class Check>
  bool all_leases(Check&& check) const {
    return std::ranges::all_of(leases_, check);
  }
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(leases_, pause_, paused_until_, futile_pause_, futile_until_, futile_wanted_);
  }

 private:
  std::vector<Lease> leases_;  // oldest first
  Duration pause_{};
  Instant paused_until_{};
  Duration futile_pause_{};
  Instant futile_until_{};
  uint32_t futile_wanted_ = 0;
};

}  // namespace warmgate::policy
