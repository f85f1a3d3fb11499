#include "admin/metrics_text.h"

#include <charconv>
#include <cmath>

namespace warmgate::admin {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

// Help texts escape backslash and line feed; label values also the quote.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quoted) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string_view name(MetricType type) {
  constexpr std::string_view kNames[] = {"counter", "gauge", "histogram", "summary"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace

void MetricsText::family(std::string_view name_of_family, MetricType type, std::string_view help) {
  family_ = name_of_family;
  text_.append("# HELP ").append(family_).append(" ");
  append_escaped(text_, help, false);
  text_.append("\n# TYPE ").append(family_).append(" ").append(name(type)).append("\n");
}

void MetricsText::histogram(Labels labels, const stats::LatencyHistogram& values) {
  for (const Duration bound : kBucketBounds) {
    line("_bucket", labels, {"le", number(to_seconds(bound))},
         static_cast<double>(values.count_up_to(bound)));
  }
  const auto all = static_cast<double>(values.count());
  line("_bucket", labels, {"le", "+Inf"}, all);
  line("_sum", labels, {}, to_seconds(values.sum()));
  line("_count", labels, {}, all);
}

void MetricsText::quantile(Labels labels, double quantile, double value) {
  line("", labels, {"quantile", number(quantile)}, value);
}

void MetricsText::count(Labels labels, uint64_t value) {
  line("_count", labels, {}, static_cast<double>(value));
}

// `last` is left out when it has no name.
void MetricsText::line(std::string_view suffix, Labels labels, Label last, double value) {
  text_.append(family_).append(suffix);
  const bool labelled = labels.size() > 0 || !last.name.empty();
  if (labelled) text_ += '{';
  for (const Label& label : labels) append_label(label);
  if (!last.name.empty()) append_label(last);
  if (labelled) text_ += '}';
  text_.append(" ").append(number(value)).append("\n");
}

void MetricsText::append_label(const Label& label) {
  if (text_.back() != '{') text_ += ',';
  text_.append(label.name).append("=\"");
  append_escaped(text_, label.value, true);
  text_ += '"';
}

}  // namespace warmgate::admin
