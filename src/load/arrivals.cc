#include "load/arrivals.h"

namespace warmgate::load {

std::optional<Spacing> parse_spacing(std::string_view text) {
  if (text == "poisson") return Spacing::poisson;
  if (text == "even") return Spacing::even;
  return std::nullopt;
}

}  // namespace warmgate::load
