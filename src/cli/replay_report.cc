#include "cli/replay_report.h"

#include <array>
#include <cstdio>
#include <ctime>

#include "recording/describe.h"

namespace warmgate::cli {
namespace {

using nlohmann::ordered_json;
using recording::History;
using recording::PastRequest;
using recording::quantile;
using recording::Recording;
using End = PastRequest::End;
using policy::PoolKind;

constexpr size_t kMostActionsShown = 8;  // of a step in the text

std::string number(uint64_t value) {
  return std::to_string(value);
}

std::string wall_text(const Recording& recording, Instant at) {
  const Duration since = at - recording.wall_at;
  const auto seconds =
      static_cast<std::time_t>(recording.wall_s) + static_cast<std::time_t>(to_seconds(since));
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text.data();
}

std::string share_of(std::string_view name, Duration p50, Duration p99) {
  return std::string(name) + " p50 " + format_latency(p50) + ", p99 " + format_latency(p99);
}

uint64_t late(const ReplayReport& report) {
  const auto& settings = report.recording.segments.front().settings;
  if (!settings) return 0;
  uint64_t count = 0;
  for (const PastRequest& request : report.history.requests) {
    count += request.end == End::answered && request.latency() > settings->slo ? 1 : 0;
  }
  return count;
}

std::string head_text(const ReplayReport& report) {
  const Recording& recording = report.recording;
  const recording::Segment& first = recording.segments.front();
  return "recording of service " + recording.service + " by warmgate " + recording.version +
         ", written because: " + recording::name(recording.cause) + "\n  " +
         wall_text(recording, first.start) + " and the " + format_latency(report.history.span) +
         " that followed; steps " + number(first.first_step) + " to " +
         number(first.first_step + recording.steps - 1) +
         (recording.from_start() ? ", from the service's start\n" : ", from a checkpoint\n");
}

std::string history_text(const ReplayReport& report) {
  const History& history = report.history;
  const std::vector<Duration> latencies = history.latencies();
  std::string text = "happened\n  requests " + number(history.requests.size()) + ": answered " +
                     number(history.ended(End::answered)) + " (always-on " +
                     number(history.answered_by(PoolKind::always_on)) + ", serverless " +
                     number(history.answered_by(PoolKind::serverless)) + "), refused " +
                     number(history.ended(End::refused)) + ", failed " +
                     number(history.ended(End::failed)) + ", client left " +
                     number(history.ended(End::gone)) + ", still running " +
                     number(history.ended(End::running)) + "\n";
  if (!latencies.empty()) {
    text += "  " + share_of("latency", quantile(latencies, 0.5), quantile(latencies, 0.99));
    if (const auto& settings = report.recording.segments.front().settings) {
      text +=
          "; " + number(late(report)) + " later than the SLO of " + format_duration(settings->slo);
    }
    text += "\n";
  }
  text += "  attempts:";
  for (size_t i = 0; i < history.attempts_by_reason.size(); ++i) {
    if (history.attempts_by_reason[i] == 0) continue;
    text += " " + std::string(policy::name(static_cast<policy::Reason>(i))) + " " +
            number(history.attempts_by_reason[i]);
  }
  text += "\n  wakes " + number(history.wakes) + ", answered " + number(history.wakes_answered);
  if (!history.starts.empty()) {
    text += "; " + number(history.starts.size()) + " found a start, " +
            share_of("which took", quantile(history.starts, 0.5), quantile(history.starts, 0.99));
  }
  return text + "\n";
}

std::string actions_text(const policy::Actions& actions) {
  if (actions.empty()) return "      nothing\n";
  std::string text;
  for (size_t i = 0; i < actions.size() && i < kMostActionsShown; ++i) {
    text += "      " + recording::describe(actions[i]) + "\n";
  }
  if (actions.size() > kMostActionsShown) {
    text += "      and " + number(actions.size() - kMostActionsShown) + " more\n";
  }
  return text;
}

std::string replayed_text(const ReplayReport& report) {
  if (!report.not_replayed.empty()) return "not replayed: " + report.not_replayed + "\n";
  if (!report.replayed) return "";
  const recording::Replayed& replayed = *report.replayed;
  const std::string so_far =
      number(replayed.steps) + " steps, " + number(replayed.actions) + " actions";
  if (replayed.divergence) {
    const recording::Divergence& divergence = *replayed.divergence;
    return "replayed: " + so_far + " the same, then at step " + number(divergence.step.number) +
           " (" + wall_text(report.recording, divergence.step.now) +
           ") another action\n    event: " + recording::describe(divergence.step.event) +
           "\n    recorded:\n" + actions_text(divergence.step.actions) + "    now:\n" +
           actions_text(divergence.replayed);
  }
  if (!replayed.same_state) {
    return "replayed: " + so_far + " the same, but the state before step " +
           number(report.recording.segments.back().first_step) +
           " is another than the recorded one\n";
  }
  return "replayed: " + so_far + ": the same, bit for bit\n";
}

struct Line {
  const char* name;
  std::string (*value)(const sim::Figures&);
};

std::string seconds_text(const sim::Figures& figures, double q) {
  return format_latency(figures.latency.quantile(q));
}
std::string share_text(double share) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * share);
  return text.data();
}
std::string usd_text(double usd) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "$%.5f", usd);
  return text.data();
}

constexpr Line kLines[] = {
    {"requests", [](const sim::Figures& f) { return number(f.requests); }},
    {"answered", [](const sim::Figures& f) { return number(f.answered); }},
    {"later than the SLO", [](const sim::Figures& f) { return number(f.late); }},
    {"refused", [](const sim::Figures& f) { return number(f.refused); }},
    {"failed", [](const sim::Figures& f) { return number(f.failed); }},
    {"latency p50", [](const sim::Figures& f) { return seconds_text(f, 0.5); }},
    {"latency p99", [](const sim::Figures& f) { return seconds_text(f, 0.99); }},
    {"by serverless", [](const sim::Figures& f) { return share_text(f.serverless_share); }},
    {"instance starts", [](const sim::Figures& f) { return number(f.starts); }},
    {"waited for a start", [](const sim::Figures& f) { return number(f.cold_starts_seen); }},
    {"wakes", [](const sim::Figures& f) { return number(f.wakes.total); }},
    {"serverless cost", [](const sim::Figures& f) { return usd_text(f.cost.serverless()); }},
};

std::string what_if_text(const ReplayReport& report) {
  if (!report.what_if) return "";
  std::string text = "what would have happened (simulated; see docs/replay.md for what that is)\n";
  const auto row = [&](const std::string& name, const std::string& first,
                       const std::string& second) {
    std::array<char, 160> line{};
    std::snprintf(line.data(), line.size(), "  %-20s %18s %24s\n", name.c_str(), first.c_str(),
                  second.c_str());
    text += line.data();
  };
  row("", "as recorded", report.otherwise);
  for (const Line& line : kLines) {
    row(line.name, line.value(report.what_if->as_recorded), line.value(report.what_if->otherwise));
  }
  return text;
}

ordered_json figures_json(const sim::Figures& figures) {
  return {{"requests", figures.requests},
          {"answered", figures.answered},
          {"late", figures.late},
          {"refused", figures.refused},
          {"failed", figures.failed},
          {"latency_p50_s", to_seconds(figures.latency.quantile(0.5))},
          {"latency_p99_s", to_seconds(figures.latency.quantile(0.99))},
          {"serverless_share", figures.serverless_share},
          {"starts", figures.starts},
          {"cold_starts_seen", figures.cold_starts_seen},
          {"wakes", figures.wakes.total},
          {"serverless_usd", figures.cost.serverless()}};
}

ordered_json actions_json(const policy::Actions& actions) {
  ordered_json list = ordered_json::array();
  for (const policy::Action& action : actions) list.push_back(recording::describe(action));
  return list;
}

}  // namespace

std::string replay_text(const ReplayReport& report) {
  return head_text(report) + history_text(report) + replayed_text(report) + what_if_text(report);
}

ordered_json replay_json(const ReplayReport& report) {
  const Recording& recording = report.recording;
  const History& history = report.history;
  const std::vector<Duration> latencies = history.latencies();
  ordered_json json = {{"service", recording.service},
                       {"version", recording.version},
                       {"cause", name(recording.cause)},
                       {"began", wall_text(recording, recording.segments.front().start)},
                       {"span_s", to_seconds(history.span)},
                       {"first_step", recording.segments.front().first_step},
                       {"steps", recording.steps},
                       {"from_start", recording.from_start()},
                       {"happened",
                        {{"requests", history.requests.size()},
                         {"answered", history.ended(End::answered)},
                         {"always_on", history.answered_by(PoolKind::always_on)},
                         {"serverless", history.answered_by(PoolKind::serverless)},
                         {"late", late(report)},
                         {"refused", history.ended(End::refused)},
                         {"failed", history.ended(End::failed)},
                         {"client_left", history.ended(End::gone)},
                         {"running", history.ended(End::running)},
                         {"latency_p50_s", to_seconds(quantile(latencies, 0.5))},
                         {"latency_p99_s", to_seconds(quantile(latencies, 0.99))},
                         {"wakes", history.wakes},
                         {"starts", history.starts.size()}}}};
  if (!report.not_replayed.empty()) json["not_replayed"] = report.not_replayed;
  if (report.replayed) {
    const recording::Replayed& replayed = *report.replayed;
    json["replayed"] = {{"steps", replayed.steps},
                        {"actions", replayed.actions},
                        {"same", !replayed.divergence && replayed.same_state}};
    if (replayed.divergence) {
      json["replayed"]["divergence"] = {
          {"step", replayed.divergence->step.number},
          {"event", recording::describe(replayed.divergence->step.event)},
          {"recorded", actions_json(replayed.divergence->step.actions)},
          {"now", actions_json(replayed.divergence->replayed)}};
    }
  }
  if (report.what_if) {
    json["what_if"] = {{"otherwise", report.otherwise},
                       {"as_recorded", figures_json(report.what_if->as_recorded)},
                       {"figures", figures_json(report.what_if->otherwise)},
                       {"service_times_drawn", report.what_if->drawn}};
  }
  return json;
}

}  // namespace warmgate::cli
