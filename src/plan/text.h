// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace warmgate::plan {

std::string number(double value);   // as short as it is exact to six digits: "0.5", "12"
std::string usd(double value);      // "12.34", "1,234"
std::string whole(uint64_t value);  // "1,234,567"
std::string percent(double share);  // "12.3 %"
std::string with_places(double value, int places);
std::string nines(double target);  // "99.9 %"

}  // namespace warmgate::plan
