#pragma once

#include <algorithm>

namespace warmgate::policy {

// ErrorBudget says what a late answer is worth now: the more, the further the share of late answers
// is above what the owner asks for.
//
// Model.    A debt of late answers: each adds one, each request pays back what it may use of
//           the owner's 1 - share, a little kept in hand. The worth of a late answer rises in
//           proportion to the debt: by the newsvendor's price share / (1 - share) for every kFull
//           late answers of debt, from kLeast of that without any.
// Units.    Debt in late answers; the worth in what it costs to serve one request.
// Bounds.   0 <= debt <= kMost; O(1).
// Source.   A virtual queue as the price of a constraint on an average: Neely, "Stochastic Network
//           Optimization", 2010 (drift plus penalty). Error budgets: Beyer et al., "Site
//           Reliability Engineering", 2016.
class ErrorBudget {
 public:
  static constexpr double kFull = 10;
  static constexpr double kMost = 50;
  static constexpr double kFirst = 1;  // nothing is known: a little caution
  static constexpr double kLeast = 0.02;
  static constexpr double kAim = 0.8;  // of the share that may be late

  void ended(bool late, double share) {
    debt_ = std::clamp(debt_ + (late ? 1.0 : 0.0) - kAim * (1 - share), 0.0, kMost);
  }
  double late_worth(double share) const {
    return share / (1 - share) * std::max(kLeast, debt_ / kFull);
  }
  double debt() const { return debt_; }

  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(debt_);
  }

 private:
  double debt_ = kFirst;
};

}  // namespace warmgate::policy
