#pragma once

#include <cstdint>

namespace warmgate::stats {

// Ewma is an average that forgets: each sample moves it by a fixed share.
//
// Model.    value' = value + weight * (sample - value). The first samples are averaged plainly (the
//           weight of sample n is at least 1/n), so that the start value has no lasting say.
// Bounds.   O(1), no allocation; between the least and the greatest sample seen.
// Source.   Roberts 1959; the warm-up is the usual bias correction.
class Ewma {
 public:
  explicit Ewma(double weight) : weight_(weight) {}

  void add(double sample) {
    ++samples_;
    const double plain = 1.0 / static_cast<double>(samples_);
    value_ += (plain > weight_ ? plain : weight_) * (sample - value_);
  }

  bool empty() const { return samples_ == 0; }
  uint64_t samples() const { return samples_; }
  double value() const { return value_; }  // 0 when empty

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(weight_, value_, samples_);
  }

 private:
  double weight_;
  double value_ = 0;
  uint64_t samples_ = 0;
};

}  // namespace warmgate::stats
