// copy_text: memcpy for texts that are mostly short, as header names and values are. Two moves that
// may overlap cost less than a call.
#pragma once

#include <cstring>
#include <string_view>

namespace warmgate {

// Copies `text` to `to` and returns the end of the copy. Reads and writes nothing outside.
inline char* copy_text(char* to, std::string_view text) {
  const char* const from = text.data();
  const size_t n = text.size();
  const auto move_ends = [&]<size_t kWidth>() {
    char first[kWidth], last[kWidth];
    std::memcpy(first, from, kWidth);
    std::memcpy(last, from + n - kWidth, kWidth);
    std::memcpy(to, first, kWidth);
    std::memcpy(to + n - kWidth, last, kWidth);
  };
  if (n > 32) {
    std::memcpy(to, from, n);
  } else if (n >= 16) {
    move_ends.operator()<16>();
  } else if (n >= 8) {
    move_ends.operator()<8>();
  } else if (n >= 4) {
    move_ends.operator()<4>();
  } else {
    for (size_t i = 0; i < n; ++i) to[i] = from[i];
  }
  return to + n;
}

}  // namespace warmgate
