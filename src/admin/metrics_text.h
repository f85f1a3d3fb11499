// MetricsText writes the Prometheus text exposition format, version 0.0.4.
//
// Contract.  family() first, then all of its samples: the format wants them together. The caller
//            gives no two samples of a family the same labels.
#pragma once

#include <array>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/time.h"
#include "stats/latency_histogram.h"

namespace warmgate::admin {

enum class MetricType : uint8_t { counter, gauge, histogram, summary };

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

// Upper bounds of the histograms' buckets: from a small model on a good core to a large one whose
// container has to start first, with most of them where an SLO is likely to be.
inline constexpr std::array<Duration, 22> kBucketBounds = {
    1ms,   2500us, 5ms, 10ms,   25ms, 50ms, 75ms, 100ms, 150ms, 250ms, 500ms,
    750ms, 1s,     2s,  3500ms, 5s,   10s,  30s,  60s,   120s,  300s,  600s};

class MetricsText {
 public:
  void family(std::string_view name, MetricType type, std::string_view help);

  void sample(Labels labels, double value) { line("", labels, {}, value); }
  void sample(Labels labels, std::integral auto value) {
    sample(labels, static_cast<double>(value));
  }
  void histogram(Labels labels, const stats::LatencyHistogram& values);  // in seconds
  void quantile(Labels labels, double quantile, double value);           // of a summary
  void count(Labels labels, uint64_t value);                             // of a summary

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, Labels labels, Label last, double value);
  void append_label(const Label& label);

  std::string text_;
  std::string family_;
};

}  // namespace warmgate::admin
