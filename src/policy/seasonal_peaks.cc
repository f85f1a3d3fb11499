#include "policy/seasonal_peaks.h"

#include <cmath>

namespace warmgate::policy {
namespace {

constexpr double kLeastPerS = 0.01;
constexpr double kCodesPerOctave = 8;
constexpr uint8_t kFirstCode = 2;
constexpr uint8_t kLastCode = 255;
constexpr uint8_t kAlike = 4;  // codes, half an octave: what is so much less is the same peak

constexpr double kPriorTrials = 2;
constexpr double kDoubt = 6;  // misses before the first trial: pieces of an hour are seldom alike
constexpr std::array<double, 2> kKept = {127.0 / 128, 15.0 / 16};  // of the past, at each trial

constexpr size_t kBitsOfCode = 8;

}  // namespace

SeasonalPeaks::AllTrials SeasonalPeaks::untried() {
  AllTrials all;
  for (auto& season : all) {
    for (size_t votes = 1; votes <= kRemembered; ++votes) {
      const double chance = static_cast<double>(votes) / (kRemembered + 1);
      season[votes - 1].memories.fill(
          {kPriorTrials * chance, kPriorTrials * (1 - chance) + kDoubt});
    }
  }
  return all;
}

double SeasonalPeaks::Trials::chance() const {
  double chance = 1;
  for (const Memory& past : memories) {
    chance = std::min(chance, past.hits / (past.hits + past.misses));
  }
  return chance;
}

void SeasonalPeaks::Trials::add(bool hit) {
  for (size_t i = 0; i < memories.size(); ++i) {
    memories[i].hits = memories[i].hits * kKept[i] + (hit ? 1 : 0);
    memories[i].misses = memories[i].misses * kKept[i] + (hit ? 0 : 1);
  }
}

SeasonalPeaks::Code SeasonalPeaks::code_of(double per_s) {
  if (per_s <= 0) return kQuiet;
  const double octaves = std::log2(std::max(per_s, kLeastPerS) / kLeastPerS);
  return static_cast<Code>(
      std::min<double>(kFirstCode + std::round(octaves * kCodesPerOctave), kLastCode));
}

double SeasonalPeaks::rate_of(Code code) {
  return code < kFirstCode ? 0 : kLeastPerS * std::exp2((code - kFirstCode) / kCodesPerOctave);
}

void SeasonalPeaks::week_told(Instant now, Duration since_monday) {
  const Instant monday = now - since_monday;
  const Duration shift = (monday - origin_) % (kWeek * kPiece);
  if (shift < kSmallestShift && shift > -kSmallestShift) return;
  origin_ = monday;
  begin(now);
}

void SeasonalPeaks::begin(Instant now) {
  const int64_t passed = (now - origin_) / kPiece;
  piece_ = static_cast<uint32_t>(passed % kWeek);
  piece_ends_ = origin_ + (passed + 1) * kPiece;
  whole_ = false;
  in_window_ = most_ = 0;
  present_ = ahead_ = {};
  present_per_s_ = ahead_per_s_ = 0;
  due_ = piece_ends_ + (kFirstLook - piece_count_) * kPiece;
}

void SeasonalPeaks::end_window() {
  most_ = std::max(most_, in_window_);
  in_window_ = 0;
}

void SeasonalPeaks::begin_window(Instant now) {
  end_window();
  if (now >= piece_ends_) pass(now);
  window_ends_ = now + window_;
}

SeasonalPeaks::Code SeasonalPeaks::peak_so_far() const {
  return code_of(std::max(most_, in_window_) / (kOverWindows * to_seconds(window_)));
}

// One piece is over, or several of which nobody spoke. What was not seen from its beginning is not
// remembered.
void SeasonalPeaks::pass(Instant now) {
  if (piece_ends_ == Instant{}) return begin(now);
  end_window();
  Code peak = peak_so_far();
  for (uint32_t passed = 0; now >= piece_ends_ && passed < kLongestGap; ++passed) {
    judge(peak);
    if (whole_) remember(peak);
    whole_ = true;
    present_ = ahead_;
    present_per_s_ = ahead_per_s_;
    ahead_ = {};
    ahead_per_s_ = 0;
    peak = kQuiet;
    piece_ = (piece_ + 1) % kWeek;
    piece_ends_ += kPiece;
  }
  most_ = 0;
  if (now >= piece_ends_) return begin(now);
  if (piece_count_ >= kFirstLook) due_ = piece_ends_ - lead_;
}

void SeasonalPeaks::remember(Code peak) {
  uint32_t first = 0;
  for (const uint32_t length : kSeasons) {
    uint32_t& past = history_[first + piece_ % length];
    past = past << kBitsOfCode | peak;
    first += length;
  }
  if (piece_count_ < kFirstLook) ++piece_count_;
}

// Of the piece after this one, by votes. What the always-on pool does anyway is left out, and what
// this piece has had: that is known without a clock.
SeasonalPeaks::Foreseen SeasonalPeaks::foresee(double least_per_s) const {
  const uint32_t next = (piece_ + 1) % kWeek;
  Foreseen foreseen{};
  uint32_t first = 0;
  const Code known = peak_so_far();
  for (size_t season = 0; season < kSeasons.size(); ++season) {
    const uint32_t past = history_[first + next % kSeasons[season]];
    first += kSeasons[season];
    std::array<Code, kRemembered> peaks;
    for (size_t i = 0; i < kRemembered; ++i) peaks[i] = static_cast<Code>(past >> kBitsOfCode * i);
    if (peaks[kLearned - 1] == 0) continue;  // not known so far back
    for (const Code peak : peaks) {
      if (rate_of(peak) <= least_per_s || peak <= known + kAlike) continue;
      const auto votes = std::ranges::count_if(peaks, [&](Code p) { return p + kAlike >= peak; });
      Code& highest = foreseen[season][static_cast<size_t>(votes) - 1];
      highest = std::max(highest, peak);
    }
  }
  return foreseen;
}

void SeasonalPeaks::judge(Code peak) {
  for (size_t season = 0; season < kSeasons.size(); ++season) {
    for (size_t i = 0; i < kRemembered; ++i) {
      const Code foreseen = present_[season][i];
      if (foreseen > 0) trials_[season][i].add(peak + kAlike >= foreseen);
    }
  }
}

bool SeasonalPeaks::sound() const {
  bool sound = piece_ < kWeek && window_ > Duration{};
  for (const auto& season : trials_) {
    for (const Trials& trials : season) {
      for (const auto& past : trials.memories) {
        sound = sound && past.hits >= 0 && past.misses >= 0 && past.hits + past.misses > 0;
      }
    }
  }
  return sound;
}

}  // namespace warmgate::policy
