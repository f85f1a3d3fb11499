#include "http/date.h"

#include <algorithm>

namespace warmgate::http {

ImfDate::ImfDate(std::chrono::sys_seconds time) {
  using namespace std::chrono;
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::string_view kPattern = "Day, 00 Mon 0000 00:00:00 GMT";

  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const auto put_number = [this](size_t position, size_t digits, auto value) {
    auto number = static_cast<unsigned>(value);
    for (size_t i = digits; i-- > 0; number /= 10) {
      text_[position + i] = static_cast<char>('0' + number % 10);
    }
  };
  std::copy(kPattern.begin(), kPattern.end(), text_.begin());
  kDays.copy(text_.data(), 3, 3 * weekday{day}.c_encoding());
  put_number(5, 2, static_cast<unsigned>(date.day()));
  kMonths.copy(text_.data() + 8, 3, 3 * (static_cast<unsigned>(date.month()) - 1));
  put_number(12, 4, static_cast<int>(date.year()));
  put_number(17, 2, clock.hours().count());
  put_number(20, 2, clock.minutes().count());
  put_number(23, 2, clock.seconds().count());
}

}  // namespace warmgate::http
