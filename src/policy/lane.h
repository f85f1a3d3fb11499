#pragma once

#include <cstddef>
#include <cstdint>

namespace warmgate::policy {

// Which backends a waiting request may still be sent to, and how urgent it is.
enum class Lane : uint8_t {
  on_time,          // can still meet its deadline
  late,             // cannot, and is served late rather than refused
  serverless_only,  // heavy: must not, or should not, take an always-on slot
};
constexpr Lane last_value(Lane) {
  return Lane::serverless_only;
}
inline constexpr size_t kLaneCount = 3;

}  // namespace warmgate::policy
