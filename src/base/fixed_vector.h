// FixedVector: a few values in place, in the order in which they came.
//
// Bounds.  At most kMost; one more is a bug and asserts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/assert.h"

namespace warmgate {

template <class T, size_t kMost>
class FixedVector {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }

  void push_back(const T& value) {
    WG_ASSERT(size_ < kMost, "a fixed vector is full");
    items_[size_++] = value;
  }
  void erase(const T& value) {  // no effect when it is not there
    T* const last = items_.data() + size_;
    size_ = static_cast<size_t>(std::remove(items_.data(), last, value) - items_.data());
  }

 private:
  std::array<T, kMost> items_{};
  size_t size_ = 0;
};

}  // namespace warmgate
