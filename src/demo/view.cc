#include "demo/view.h"

#include <algorithm>
#include <cstdio>

namespace warmgate::demo {
namespace {

constexpr size_t kGraphSeconds = 60;

template <class... Values>
std::string print(const char* format, Values... values) {
  char text[200];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

std::string latency_text(const Frame& frame) {
  if (frame.latency.count() == 0) return "no answer";
  return "p50 " + format_latency(frame.latency.quantile(0.5)) + ", p99 " +
         format_latency(frame.latency.quantile(0.99));
}

std::string serverless_text(const ServerlessStatus& status) {
  if (status.starting + status.serving + status.idle + status.stopping == 0) return "cold";
  std::string text;
  const auto add = [&text](uint32_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(status.starting, "starting");
  add(status.serving, "serving");
  add(status.idle, "idle");
  add(status.stopping, "stopping");
  add(status.waiting, status.waiting == 1 ? "request waits" : "requests wait");
  return text;
}

std::string gateway_text(const GatewayStatus& status) {
  return print("always-on %s %u/%u, serverless %s %u/%u, queue %u, demand %.0f/s",
               status.always_on_state.c_str(), status.always_on_in_flight, status.always_on_slots,
               status.serverless_state.c_str(), status.serverless_in_flight,
               status.serverless_slots, status.queued, status.demand_per_s);
}

// A row of blocks, the highest for `most`.
std::string graph(const std::vector<Frame>& history, double most, auto value) {
  static constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string text;
  const size_t skip = history.size() > kGraphSeconds ? history.size() - kGraphSeconds : 0;
  for (size_t i = skip; i < history.size(); ++i) {
    const double share = most > 0 ? value(history[i]) / most : 0;
    const auto level = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * 8 + 0.5);
    text += kBlocks[level];
  }
  return text;
}

double p99_ms(const Frame& frame) {
  return frame.latency.count() == 0 ? 0 : to_millis(frame.latency.quantile(0.99));
}

}  // namespace

std::string frame_line(const Frame& frame) {
  std::string text = print("%4.0f/%.0f s %-7s %3llu/s in flight %3llu, ", to_seconds(frame.elapsed),
                           to_seconds(frame.length), frame.part.c_str(),
                           static_cast<unsigned long long>(frame.arrived),
                           static_cast<unsigned long long>(frame.in_flight)) +
                     latency_text(frame);
  if (frame.gateway) text += " | " + gateway_text(*frame.gateway);
  if (frame.serverless) text += " | instances: " + serverless_text(*frame.serverless);
  return text;
}

std::vector<std::string> frame_picture(const Frame& frame, const std::vector<Frame>& history) {
  double most_arrived = 1, worst_ms = to_millis(frame.slo);
  for (const Frame& past : history) {
    most_arrived = std::max(most_arrived, static_cast<double>(past.arrived));
    worst_ms = std::max(worst_ms, p99_ms(past));
  }
  std::vector<std::string> lines;
  lines.push_back(print("%s: %s, %.0f of %.0f s", frame.way.c_str(), frame.part.c_str(),
                        to_seconds(frame.elapsed), to_seconds(frame.length)));
  lines.push_back(
      print("  requests %4llu/s  ", static_cast<unsigned long long>(frame.arrived)) +
      graph(history, most_arrived, [](const Frame& f) { return static_cast<double>(f.arrived); }));
  lines.push_back(
      print("  p99   %8s  ", format_latency(from_seconds(p99_ms(frame) / 1e3)).c_str()) +
      graph(history, worst_ms, p99_ms));
  if (frame.gateway) lines.push_back("  gateway         " + gateway_text(*frame.gateway));
  if (frame.serverless) lines.push_back("  instances       " + serverless_text(*frame.serverless));
  lines.push_back(
      print("  so far          %llu over the SLO of %s, %llu cold starts seen, %llu errors",
            static_cast<unsigned long long>(frame.over_slo), format_duration(frame.slo).c_str(),
            static_cast<unsigned long long>(frame.cold_starts),
            static_cast<unsigned long long>(frame.errors)));
  return lines;
}

void View::begin_arm() {
  history_.clear();
  drawn_ = 0;
}

void View::show(const Frame& frame) {
  if (!terminal_) {
    out_ << frame_line(frame) << std::endl;
    return;
  }
  history_.push_back(frame);
  const auto lines = frame_picture(frame, history_);
  if (drawn_ > 0) out_ << "\033[" << drawn_ << "A";
  for (const std::string& line : lines) out_ << "\r\033[K" << line << "\n";
  for (size_t i = lines.size(); i < drawn_; ++i) out_ << "\r\033[K\n";
  drawn_ = std::max(drawn_, lines.size());
  out_ << std::flush;
}

}  // namespace warmgate::demo
