#include "demo/result.h"

#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "load/text.h"

namespace warmgate::demo {
namespace {

using Json = nlohmann::ordered_json;

Json arm_json(const ArmResult& arm) {
  return {{"requests", arm.requests},
          {"ok", arm.ok},
          {"wrong", arm.wrong},
          {"errors", arm.errors},
          {"p50_ms", arm.p50_ms},
          {"p99_ms", arm.p99_ms},
          {"max_ms", arm.max_ms},
          {"over_slo", arm.over_slo},
          {"cold_starts_seen", arm.cold_starts_seen},
          {"serverless_seconds", arm.serverless_seconds},
          {"usd", arm.usd}};
}

std::string milliseconds(double ms) {
  return format_latency(from_seconds(ms / 1'000));
}

std::string print(const char* format, double value) {
  char text[40];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

using Figure = std::function<std::string(const ArmResult&)>;

std::string table_row(const std::string& label, const DemoResult& result, const Figure& figure) {
  char text[160];
  std::snprintf(text, sizeof(text), "  %-28s%18s%18s%18s\n", label.c_str(),
                figure(result.always_on_only).c_str(), figure(result.serverless_only).c_str(),
                figure(result.warmgate).c_str());
  return text;
}

Figure count(uint64_t ArmResult::*member) {
  return [member](const ArmResult& arm) { return std::to_string(arm.*member); };
}

Figure latency(double ArmResult::*member) {
  return [member](const ArmResult& arm) { return milliseconds(arm.*member); };
}

std::string counted(uint64_t n, const char* one, const char* many) {
  return (n == 0 ? "no" : std::to_string(n)) + " " + (n == 1 ? one : many);
}

}  // namespace

ArmResult make_result(const load::Tally& tally, const Bill& serverless, Duration always_on) {
  const auto& latency = tally.latency();
  return {.requests = tally.arrivals(),
          .ok = tally.count(load::Ending::ok),
          .wrong = tally.count(load::Ending::wrong),
          .errors = tally.errors(),
          .p50_ms = to_millis(latency.quantile(0.5)),
          .p99_ms = to_millis(latency.quantile(0.99)),
          .max_ms = to_millis(latency.max()),
          .over_slo = tally.over_slo(),
          .cold_starts_seen = tally.late_cold_starts(),
          .cold_starts_unseen = tally.cold_starts() - tally.late_cold_starts(),
          .serverless_seconds = serverless.seconds,
          .usd = serverless.usd + kVmUsdPerHour * to_seconds(always_on) / 3'600};
}

std::string result_json(const DemoResult& result) {
  const Json json = {{"slo_ms", to_millis(result.slo)},
                     {"arms",
                      {{"always_on_only", arm_json(result.always_on_only)},
                       {"serverless_only", arm_json(result.serverless_only)},
                       {"warmgate", arm_json(result.warmgate)}}}};
  return json.dump(2) + "\n";
}

std::string result_table(const DemoResult& result) {
  char head[160];
  std::snprintf(head, sizeof(head), "  %-28s%18s%18s%18s\n", "", "always-on alone",
                "serverless alone", "warmgate");
  std::string text = head;
  text += table_row("requests", result, count(&ArmResult::requests));
  text += table_row("latency p50", result, latency(&ArmResult::p50_ms));
  text += table_row("latency p99", result, latency(&ArmResult::p99_ms));
  text += table_row("latency max", result, latency(&ArmResult::max_ms));
  text +=
      table_row("over the SLO of " + format_duration(result.slo), result, [](const ArmResult& arm) {
        return std::to_string(arm.over_slo) + " (" +
               load::format_share(arm.over_slo, arm.requests) + ")";
      });
  text += table_row("cold starts seen by users", result, count(&ArmResult::cold_starts_seen));
  text += table_row("... met within the SLO", result, count(&ArmResult::cold_starts_unseen));
  text += table_row("errors", result, count(&ArmResult::errors));
  text += table_row("wrong answers", result, count(&ArmResult::wrong));
  text += table_row("serverless seconds paid", result,
                    [](const ArmResult& arm) { return print("%.1f", arm.serverless_seconds); });
  text +=
      table_row("cost, USD", result, [](const ArmResult& arm) { return print("%.5f", arm.usd); });
  return text;
}

std::string result_verdict(const DemoResult& result) {
  const ArmResult& gate = result.warmgate;
  const ArmResult& cold = result.serverless_only;
  std::string text =
      "  Alone, the always-on server kept " +
      load::format_share(result.always_on_only.over_slo, result.always_on_only.requests) +
      " of the requests waiting for more than the SLO or refused them;\n"
      "  alone, the serverless pool let " +
      counted(cold.cold_starts_seen, "request", "requests") +
      " wait for a cold start. Through warmgate, " +
      counted(gate.cold_starts_seen, "request", "requests") + " did";
  if (gate.p99_ms > 0 && cold.p99_ms > gate.p99_ms) {
    text += ",\n  and p99 is " + print("%.0f", cold.p99_ms / gate.p99_ms) +
            " times lower than with serverless alone";
  }
  return text + ".\n";
}

}  // namespace warmgate::demo
