#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace warmgate::policy {

// SeasonalPeaks learns what demand recurs at the same time of the hour, the day and the week, so
// that instances can be there before it does: peaks that nothing announces but the clock.
//
// Model.    Time is cut into pieces of kPiece. Of each piece the peak is kept: the most requests
//           that came within a window, as a rate. Three seasons (hour, day, week) remember the
//           peaks of their last kRemembered periods for each of their pieces, and say nothing of a
//           piece before kLearned of them. What v of n periods came up to, the next one does with a
//           chance of v / (n + 1), as long as periods are alike; with some doubt of that to begin
//           with, how often it did is counted for each season and v, and that counts. Of two such
//           counts, of long and of short memory, the lower chance is taken: a season that misleads,
//           as on a holiday, is disbelieved after some misses, and believed again after few hits.
//           Each season speaks for itself, and only of what the piece before has not seen.
// Units.    Requests per second. Of time: since some Monday, 00:00 UTC, once week_told() said so;
//           before, since the Instant 0, which finds the same seasons with other beginnings.
// Bounds.   O(1) for an arrival; for a look, O(pieces passed), at most kLongestGap. 10 KiB.
// Source.   Seasonal indices (Winters 1960), of peaks instead of means, since a wake is the
//           newsvendor's purchase (Arrow, Harris, Marschak 1951). The first chance:
//           exchangeability, as in conformal prediction (Vovk et al. 2005); then Beta estimates
//           with discounting (Raj, Kalyani 2017). Waking ahead of what recurs: Shahrad et al.,
//           "Serverless in the Wild", ATC 2020.
class SeasonalPeaks {
 public:
  static constexpr Duration kPiece = 5min;
  static constexpr size_t kRemembered = 4;
  static constexpr size_t kLearned = 3;
  static constexpr std::array<uint32_t, 3> kSeasons = {12, 288, 2016};  // pieces: hour, day, week
  static constexpr uint32_t kWeek = kSeasons.back();
  static constexpr uint32_t kLongestGap = kRemembered * kWeek;
  static constexpr uint32_t kFirstLook = kLearned * kSeasons.front();  // pieces from the first one
  static constexpr Duration kSmallestShift = 1s;  // of the clock that is followed
  static constexpr double kOverWindows = 1.5;  // in which a window's requests are to be worked off

  // Requests that come within `window` count together.
  explicit SeasonalPeaks(Duration window) : window_(window) {}
  void set_window(Duration window) { window_ = window; }

  // `since_monday` >= 0: the time of the week now. What was begun before is left out.
  void week_told(Instant now, Duration since_monday);

  void arrived(Instant now) {
    if (now >= window_ends_) begin_window(now);
    ++in_window_;
  }

  // When look() has something to look at; kNever while no season can know anything.
  Instant due() const { return due_; }

  // What will the piece reach that begins within `lead`? The highest level over `least_per_s` that
  // is worth it by worth(per_s, chance) is called for.
  template <class Worth>
  void look(Instant now, Duration lead, double least_per_s, const Worth& worth) {
    if (now >= piece_ends_) pass(now);
    lead_ = std::min(lead, kPiece);
    if (now < piece_ends_ - lead_) {
      due_ = piece_ends_ - lead_;
      return;
    }
    due_ = piece_ends_;
    ahead_ = foresee(least_per_s);
    ahead_per_s_ = 0;
    for (size_t season = 0; season < kSeasons.size(); ++season) {
      for (size_t votes = 1; votes <= kRemembered; ++votes) {
        const double per_s = rate_of(ahead_[season][votes - 1]);
        if (per_s > ahead_per_s_ && worth(per_s, chance(season, votes))) ahead_per_s_ = per_s;
      }
    }
  }

  // The next piece calls for instances: they should be on their way.
  bool calls(Instant now) const { return ahead_per_s_ > 0 && now < piece_ends_; }
  // What was called for, of this piece and the next one; 0: nothing.
  double called_per_s(Instant now) const {
    return now < piece_ends_ ? std::max(present_per_s_, ahead_per_s_) : ahead_per_s_;
  }
  // It came as it was called for: nobody is to be held for it any longer.
  void met() { present_per_s_ = 0; }

  // How many requests a window has at such a rate.
  double at_once(double per_s) const { return per_s * kOverWindows * to_seconds(window_); }

  // Of a peak that `votes` (1..kRemembered) of the remembered periods came up to.
  double chance(size_t season, size_t votes) const { return trials_[season][votes - 1].chance(); }

  bool sound() const;  // for members that were read from a file

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(window_, window_ends_, in_window_, most_, whole_, piece_, piece_ends_,
                   piece_count_, origin_, lead_, due_, history_, trials_, present_, ahead_,
                   present_per_s_, ahead_per_s_);
  }

 private:
  // Peaks on a scale of equal ratios; 0: not known, kQuiet: no request came.
  using Code = uint8_t;
  // The highest peak for each number of votes; 0: none.
  using Foreseen = std::array<std::array<Code, kRemembered>, kSeasons.size()>;
  static constexpr Code kQuiet = 1;
  static constexpr uint32_t kPieces = kSeasons[0] + kSeasons[1] + kSeasons[2];

  // Of two memories the lower chance counts: the long one knows how often, the short one what is
  // over.
  struct Trials {
    struct Memory {
      double hits = 0, misses = 0;
    };
    std::array<Memory, 2> memories;

    double chance() const;
    void add(bool hit);
  };
  using AllTrials = std::array<std::array<Trials, kRemembered>, kSeasons.size()>;

  static AllTrials untried();
  static Code code_of(double per_s);
  static double rate_of(Code code);

  void begin_window(Instant now);
  void end_window();
  Code peak_so_far() const;
  void begin(Instant now);
  void pass(Instant now);
  void remember(Code peak);
  Foreseen foresee(double least_per_s) const;
  void judge(Code peak);

  Duration window_;
  Instant window_ends_{};
  uint32_t in_window_ = 0;
  uint32_t most_ = 0;   // in a window of this piece
  bool whole_ = false;  // this piece was seen from its beginning
  uint32_t piece_ = 0;  // of the week
  Instant piece_ends_{};
  uint32_t piece_count_ = 0;  // remembered, up to kFirstLook
  Instant origin_{};          // some Monday, 00:00
  Duration lead_{};
  Instant due_ = kNever;
  std::array<uint32_t, kPieces> history_{};  // kRemembered codes each, the newest lowest
  AllTrials trials_ = untried();
  Foreseen present_{};  // of this piece, to be judged when it is over
  Foreseen ahead_{};    // of the next one
  double present_per_s_ = 0;
  double ahead_per_s_ = 0;
};

}  // namespace warmgate::policy
