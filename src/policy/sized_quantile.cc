#include "policy/sized_quantile.h"

namespace warmgate::policy {

void SizedQuantile::add(Duration took, uint64_t bytes) {
  const size_t size_class = size_class_of(bytes);
  if (all_.empty()) only_class_ = static_cast<uint8_t>(size_class);
  mixed_ |= size_class != only_class_;
  all_.add(took);
  high_ = all_.at(kHigh);
  if (mixed_) add_to_class(took, size_class);
}

void SizedQuantile::add_to_class(Duration took, size_t size_class) {
  by_class_[size_class].times.add(took);
  for (size_t i = 0; i < kSizeClasses; ++i) {
    const stats::RecentQuantile& times = by_class_[i].times;
    class_high_[i] = times.held() >= kEnough ? times.at(kHigh) : high_;
  }
}

}  // namespace warmgate::policy
