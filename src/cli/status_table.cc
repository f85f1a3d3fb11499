#include "cli/status_table.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/time.h"

namespace warmgate::cli {
namespace {

using Json = nlohmann::json;

// Columns are as wide as their widest cell; the first `left` of them are aligned to the left.
class Table {
 public:
  explicit Table(size_t left) : left_(left) {}

  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  std::string text() const {
    std::string out;
    for (const auto& row : rows_) {
      std::string line = " ";
      for (size_t i = 0; i < row.size(); ++i) {
        const std::string padding(width(i) - row[i].size(), ' ');
        line += ' ';
        line += i < left_ ? row[i] + padding : padding + row[i];
        line += ' ';
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  }

 private:
  size_t width(size_t column) const {
    size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, row[column].size());
    return widest;
  }

  size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

// For people: three digits say enough.
std::string seconds(const Json& value) {
  if (value.is_null()) return "-";
  const double s = value.get<double>();
  char text[32];
  if (s < 0.01) {
    std::snprintf(text, sizeof(text), "%.1f ms", s * 1000);
  } else if (s < 1) {
    std::snprintf(text, sizeof(text), "%.0f ms", s * 1000);
  } else if (s < 120) {
    std::snprintf(text, sizeof(text), "%.1f s", s);
  } else {
    std::snprintf(text, sizeof(text), "%.0f min", s / 60);
  }
  return text;
}

std::string count(const Json& value) {
  return std::to_string(value.get<uint64_t>());
}

// Texts may quote what a backend sent: it must not steer the terminal.
std::string safe(const Json& value) {
  std::string text = value.get<std::string>();
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::vector<std::string> pool_row(const char* name, const Json& pool) {
  const std::string evidence = safe(pool.at("evidence"));
  const Json& age = pool.at("evidence_age_s");
  std::string instances = "-";
  if (pool.contains("instances")) {
    instances = count(pool.at("instances"));
    if (pool.at("starting") != 0) instances += " +" + count(pool.at("starting")) + " starting";
  }
  return {name,
          safe(pool.at("state")),
          age.is_null() ? evidence : evidence + ", " + seconds(age) + " ago",
          count(pool.at("slots")),
          count(pool.at("in_flight")),
          instances};
}

std::vector<std::string> latency_row(const char* name, const Json& latency) {
  return {name,
          count(latency.at("count")),
          seconds(latency.at("p50_s")),
          seconds(latency.at("p90_s")),
          seconds(latency.at("p99_s")),
          seconds(latency.at("max_s"))};
}

std::string sentences(const Json& service) {
  uint64_t refused = 0;
  for (const Json& of_a_reason : service.at("rejects")) refused += of_a_reason.get<uint64_t>();
  const Json& cold = service.at("cold_starts");
  const Json& queue = service.at("queue");
  const Json& spending = service.at("spending");
  char cost[64];
  std::snprintf(cost, sizeof(cost), "%.4g USD", spending.at("day_usd").get<double>());
  char demand[32];
  std::snprintf(demand, sizeof(demand), "%.1f", service.at("demand_per_s").get<double>());
  return "  waiting " + count(queue.at("requests")) + " (oldest " +
         seconds(queue.at("oldest_wait_s")) + "), demand " + demand + " per second, over the SLO " +
         count(service.at("requests").at("over_slo")) + "\n  wakes " + count(cold.at("wakes")) +
         ", cold starts hidden " + count(cold.at("hidden")) + ", seen " + count(cold.at("seen")) +
         " (by " + count(cold.at("requests_delayed")) + " requests), bypasses " +
         count(service.at("bypass").at("begun")) + ", retries " + count(service.at("retries")) +
         ", refused " + std::to_string(refused) + "\n  serverless cost, by estimate, " + cost +
         " within 24 hours\n";
}

std::string alarms(const Json& service) {
  std::string out;
  if (service.at("spending").at("over_budget").get<bool>()) {
    out += "  ! a budget for the serverless pool is spent\n";
  }
  for (const Json& pool : service.at("pools")) {
    for (const Json& backend : pool.at("backends")) {
      const std::string url = safe(backend.at("url"));
      if (!backend.at("healthy").get<bool>()) out += "  ! " + url + " is failing\n";
      if (backend.at("circuit") == "open") out += "  ! the circuit of " + url + " is open\n";
      const Json& unresolved = backend.at("resolve_error");
      if (!unresolved.is_null()) out += "  ! " + url + ": " + safe(unresolved) + "\n";
    }
  }
  for (const Json& difference : service.at("model").at("differences")) {
    out += "  ! the pools serve different models: " + safe(difference) + "\n";
  }
  return out;
}

std::string service_text(const Json& service) {
  Table pools(3);
  pools.add({"pool", "state", "evidence", "slots", "in flight", "instances"});
  pools.add(pool_row("always-on", service.at("pools").at("always_on")));
  pools.add(pool_row("serverless", service.at("pools").at("serverless")));
  const Json& latency = service.at("latency");
  Table latencies(1);
  latencies.add({"answered by", "requests", "p50", "p90", "p99", "max"});
  latencies.add(latency_row("always-on", latency.at("duration").at("always_on")));
  latencies.add(latency_row("serverless", latency.at("duration").at("serverless")));
  latencies.add(latency_row("the gateway", latency.at("duration").at("gateway")));
  latencies.add(latency_row("(in queue)", latency.at("queue")));
  return "\n" + safe(service.at("name")) + ": SLO " + seconds(service.at("slo_s")) + ", prefers " +
         safe(service.at("prefer")) + "\n" + pools.text() + latencies.text() + sentences(service) +
         alarms(service);
}

std::string document_text(const Json& status) {
  const bool draining = status.at("draining").get<bool>();
  const bool ready = status.at("ready").get<bool>();
  std::string out = "warmgate " + safe(status.at("version")) + ", up " +
                    seconds(status.at("uptime_s")) + ", " +
                    (draining ? "draining"
                     : ready  ? "ready"
                              : "starting") +
                    ", " + count(status.at("connections")) + " connections\n";
  for (const Json& service : status.at("services")) out += service_text(service);
  return out;
}

}  // namespace

Result<std::string> status_table(std::string_view json) {
  try {
    return document_text(Json::parse(json));
  } catch (const Json::exception&) {
    return Error{"the answer is not a status of warmgate"};
  }
}

}  // namespace warmgate::cli
