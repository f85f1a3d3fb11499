#include "workload/column_sum.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace warmgate::workload {
namespace {

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Error not_understood(std::string_view text, const std::string& why) {
  return Error{"the sum of columns \"" + std::string(text) + "\" is not understood (" + why +
               "): write it as column:NAME*SCALE, for example column:generated_tokens*0.02, or as "
               "a sum such as column:0.4+context_tokens*0.0002+generated_tokens*0.02"};
}

}  // namespace

Result<ColumnSum> parse_column_sum(std::string_view text) {
  ColumnSum sum;
  for (std::string_view rest = text;;) {
    const size_t plus = rest.find('+');
    const std::string_view term = trim(rest.substr(0, plus));
    const size_t star = term.find('*');
    const std::string_view name = trim(term.substr(0, star));
    if (name.empty()) return not_understood(text, "a term is empty");
    if (star == std::string_view::npos && parse_number(name)) {
      sum.constant += *parse_number(name);
    } else {
      const std::string_view scale_text =
          star == std::string_view::npos ? "1" : trim(term.substr(star + 1));
      const auto scale = parse_number(scale_text);
      if (!scale || parse_number(name)) {
        return not_understood(text, "\"" + std::string(term) + "\" is no NAME*NUMBER");
      }
      if (sum.terms.size() == ColumnSum::kMaxTerms) return not_understood(text, "too many terms");
      sum.terms.push_back({std::string(name), *scale});
    }
    if (plus == std::string_view::npos) return sum;
    rest.remove_prefix(plus + 1);
  }
}

}  // namespace warmgate::workload
