// The Date field's format (RFC 9110, 5.6.7: IMF-fixdate), such as "Sun, 06 Nov 1994 08:49:37 GMT".
#pragma once

#include <array>
#include <chrono>
#include <string_view>

namespace warmgate::http {

class ImfDate {
 public:
  // From the year 0 to 9999. It changes once per second: keep it as long.
  explicit ImfDate(std::chrono::sys_seconds time);

  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 29> text_;
};

}  // namespace warmgate::http
