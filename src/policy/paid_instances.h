#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "policy/recent_most.h"

namespace warmgate::policy {

// PaidInstances guesses how many instances the platform keeps for us. Those that answered are
// known; but the platform starts others, for what waits there and by its own scaling, and who gets
// no request is not heard of while it idles, and is paid.
//
// Model.    There may be as many as our requests and wakes needed at once since the pool was last
//           found empty, for as long as an idle instance lives. An instance that ended at our word
//           is one less, but where it was a stranger: then there may be more of them. When a new
//           one had to be started to hear the word, nobody else was there.
//           Asking for a stranger that is not there costs a start; how often one was there is
//           learned, and one success more, so that who knows little asks.
// Bounds.   O(1).
class PaidInstances {
 public:
  // So many are needed now, by all that is under way.
  void needed(Instant now, uint32_t instances, Duration lifetime) {
    most_.told(now, instances, lifetime);
  }
  uint32_t possible() const { return most_.value(); }

  // One was asked to end, while `known` were known. Who answered?
  enum class Answer : uint8_t { known, stranger, newborn };
  void ended(Answer answer, bool searched, uint32_t needed);

  // Is it worth asking for a stranger, who would idle for `idle` more, at the price of a start?
  bool worth_searching(Duration idle, Duration start) const {
    const double chance = (found_ + 1) / (found_ + missed_ + 1);
    return chance * to_seconds(idle) > to_seconds(start);
  }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(most_, found_, missed_);
  }

 private:
  static constexpr double kKept = 63.0 / 64;

  RecentMost most_;  // that were needed
  double found_ = 0;
  double missed_ = 0;
};

inline void PaidInstances::ended(Answer answer, bool searched, uint32_t needed) {
  if (searched) {
    found_ *= kKept;
    missed_ *= kKept;
    (answer == Answer::newborn ? missed_ : found_) += 1;
  }
  if (answer == Answer::stranger) {
    most_.raise(needed + 1);
    return;
  }
  const uint32_t left = answer == Answer::newborn || possible() == 0 ? 0 : possible() - 1;
  most_.set(std::max(left, needed));
}

}  // namespace warmgate::policy
