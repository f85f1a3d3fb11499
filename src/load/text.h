// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace warmgate::load {

std::string format_seconds(Duration time);                // "12.3 s"
std::string format_share(uint64_t part, uint64_t whole);  // "3.2 %"; "-" of nothing

}  // namespace warmgate::load
