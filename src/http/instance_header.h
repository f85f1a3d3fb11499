// The warmgate-instance response field: which instance answered, how long it had been running and
// how many requests it had served. The best evidence of a cold start that there is.
//
//     warmgate-instance: digits-7f3a;age=12.5;served=41
//
// Tolerant.  It comes from another machine, perhaps of another version: unknown parameters, odd
//            white space and missing or malformed numbers do not spoil the rest.
// Bounds.    An id of 1 to kMaxInstanceId visible characters but ';'. Longer values are nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace warmgate::http {

inline constexpr std::string_view kInstanceHeader = "warmgate-instance";
inline constexpr size_t kMaxInstanceId = 128;
inline constexpr size_t kMaxInstanceValue = 512;

struct InstanceReport {
  std::string_view id;             // a view into the value that was parsed
  std::optional<Duration> age;     // since the instance's process started
  std::optional<uint64_t> served;  // requests before this one

  bool operator==(const InstanceReport&) const = default;
};

std::optional<InstanceReport> parse_instance(std::string_view value);

// Milliseconds are kept of the age.
std::string format_instance(std::string_view id, Duration age, uint64_t served);

}  // namespace warmgate::http
