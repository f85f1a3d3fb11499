#include "model/metrics.h"

#include <algorithm>
#include <charconv>

namespace warmgate::model {
namespace {

std::string number(double value) {
  std::array<char, 32> buffer;
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

void head(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void gauge(std::string& text, std::string_view name, std::string_view help, double value) {
  head(text, name, "gauge", help);
  text.append(name).append(" ").append(number(value)).append("\n");
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  static constexpr std::array<std::string_view, kOutcomes> kNames = {"ok", "invalid", "refused",
                                                                     "failed", "abandoned"};
  return kNames[static_cast<size_t>(outcome)];
}

void DurationHistogram::record(Duration value) {
  const double seconds = to_seconds(value);
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++counts_[static_cast<size_t>(bucket - kBounds.begin())];
  sum_ += seconds;
}

void DurationHistogram::render(std::string_view name, std::string& text) const {
  uint64_t up_to = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    up_to += counts_[i];
    const std::string bound = i < kBounds.size() ? number(kBounds[i]) : "+Inf";
    text.append(name).append("_bucket{le=\"").append(bound).append("\"} ");
    text.append(std::to_string(up_to)).append("\n");
  }
  text.append(name).append("_sum ").append(number(sum_)).append("\n");
  text.append(name).append("_count ").append(std::to_string(up_to)).append("\n");
}

std::string render_metrics(const Metrics& metrics, const Gauges& gauges) {
  std::string text;
  head(text, "warmgate_model_requests_total", "counter", "Inference requests by how they ended.");
  for (size_t i = 0; i < kOutcomes; ++i) {
    text.append("warmgate_model_requests_total{outcome=\"");
    text.append(to_string(static_cast<Outcome>(i))).append("\"} ");
    text.append(std::to_string(metrics.requests[i])).append("\n");
  }
  head(text, "warmgate_model_inference_duration_seconds", "histogram",
       "Time that the engine took for one request.");
  metrics.inference.render("warmgate_model_inference_duration_seconds", text);
  head(text, "warmgate_model_queue_duration_seconds", "histogram",
       "Time that a request waited for a worker.");
  metrics.waited.render("warmgate_model_queue_duration_seconds", text);
  gauge(text, "warmgate_model_queue_depth", "Requests that wait for a worker.",
        static_cast<double>(gauges.queued));
  gauge(text, "warmgate_model_in_flight", "Requests that wait or run.",
        static_cast<double>(gauges.in_flight));
  gauge(text, "warmgate_model_workers", "Worker threads.", static_cast<double>(gauges.workers));
  gauge(text, "warmgate_model_held_pings", "Readiness checks held open at their sender's wish.",
        static_cast<double>(gauges.held_pings));
  gauge(text, "warmgate_model_ready", "1 when inference works and new requests are welcome.",
        gauges.ready ? 1 : 0);
  gauge(text, "warmgate_model_instance_age_seconds", "Time since this process began.",
        to_seconds(gauges.age));
  return text;
}

}  // namespace warmgate::model
