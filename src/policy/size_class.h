#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace warmgate::policy {

// The class of a request by the bytes of its body: below 1 KiB, 8 KiB, 64 KiB, 512 KiB, or more.
// A factor of eight in size is what service times may be expected to show; finer classes learn too
// slowly.
inline constexpr size_t kSizeClasses = 5;

constexpr size_t size_class_of(uint64_t bytes) {
  constexpr int kFirstBits = 8, kBitsEach = 3;
  const int beyond = std::max(0, static_cast<int>(std::bit_width(bytes)) - kFirstBits);
  return std::min<size_t>(static_cast<size_t>(beyond / kBitsEach), kSizeClasses - 1);
}

}  // namespace warmgate::policy
