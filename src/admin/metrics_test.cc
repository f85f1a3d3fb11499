#include "admin/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "admin/exposition_check.h"
#include "admin/sample_snapshot.h"

namespace warmgate::admin {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Metrics, AreWellFormed) {
  EXPECT_THAT(ExpositionCheck(render_metrics(sample_snapshot())).problems(), IsEmpty());
  EXPECT_THAT(ExpositionCheck(render_metrics(Snapshot{})).problems(), IsEmpty());
}

TEST(Metrics, TellWhatTheSnapshotHolds) {
  const ExpositionCheck check(render_metrics(sample_snapshot()));
  const std::map<std::string, double> expected = {
      {R"(warmgate_build_info{version="1.2.3"})", 1},
      {"warmgate_ready", 1},
      {"warmgate_connections", 12},
      {"warmgate_requests_malformed_total", 4},
      {"warmgate_requests_unrouted_total", 6},
      {R"(warmgate_requests_total{service="digits",pool="always-on",code="2xx"})", 100},
      {R"(warmgate_requests_total{service="digits",pool="gateway",code="5xx"})", 17},
      {R"(warmgate_request_duration_seconds_count{service="digits",pool="always-on"})", 100},
      {R"(warmgate_request_duration_seconds_bucket{service="digits",pool="serverless",le="300"})",
       0},
      {R"(warmgate_attempt_first_byte_seconds_count{service="digits",pool="serverless",start="cold"})",
       1},
      {R"(warmgate_attempts_total{service="digits",pool="serverless",outcome="timed-out"})", 3},
      {R"(warmgate_decisions_total{service="digits",reason="low-demand"})", 42},
      {R"(warmgate_rejects_total{service="digits",reason="queue-full"})", 17},
      {R"(warmgate_probes_total{service="digits",kind="wake"})", 9},
      {R"(warmgate_pool_state{service="digits",pool="serverless",state="starting"})", 1},
      {R"(warmgate_pool_state{service="digits",pool="serverless",state="warm"})", 0},
      {R"(warmgate_pool_state{service="idle",pool="serverless",state="unknown"})", 1},
      {R"(warmgate_pool_evidence_age_seconds{service="digits",pool="always-on",evidence="health"})",
       1.5},
      {R"(warmgate_pool_slots{service="digits",pool="always-on"})", 4},
      {R"(warmgate_serverless_instances{service="digits",state="starting"})", 2},
      {R"(warmgate_learned_service_seconds{service="digits",pool="always-on",quantile="0.99"})",
       0.06},
      {R"(warmgate_backend_healthy{service="digits",pool="always-on",backend="http://vm-2:8080"})",
       0},
      {R"(warmgate_backend_circuit_open{service="digits",pool="serverless",backend="http://run.example"})",
       1},
      {R"(warmgate_slo_seconds{service="digits"})", 0.5},
      {R"(warmgate_queue_depth{service="digits"})", 3},
      {R"(warmgate_queue_bytes{service="digits"})", 4096},
      {R"(warmgate_queue_oldest_seconds{service="digits"})", 0.25},
      {R"(warmgate_cold_starts_total{service="digits",outcome="hidden"})", 6},
      {R"(warmgate_cold_starts_total{service="digits",outcome="seen"})", 2},
      {R"(warmgate_cold_start_seconds{service="digits",phase="release",quantile="0.99"})", 0.004},
      {R"(warmgate_wakes_total{service="digits"})", 9},
      {R"(warmgate_bypasses_total{service="digits"})", 5},
      {R"(warmgate_retries_total{service="digits"})", 4},
      {R"(warmgate_model_mismatch{service="digits"})", 1},
      {R"(warmgate_model_mismatch{service="idle"})", 0},
      {R"(warmgate_requests_over_slo_total{service="digits"})", 8},
      {"process_resident_memory_bytes", 15 << 20},
      {"process_open_fds", 31},
  };
  for (const auto& [series, value] : expected) EXPECT_EQ(check.value(series), value) << series;
}

// What comes from traffic never becomes a label: the number of series follows from the
// configuration, but for evidence and cold starts, which are there once there are any.
TEST(Metrics, SeriesAreBounded) {
  Snapshot busy = sample_snapshot(), idle = sample_snapshot();
  busy.services = {busy_service("a")};
  idle.services = {sample_service("a")};
  const size_t more = ExpositionCheck(render_metrics(busy)).series();
  const size_t base = ExpositionCheck(render_metrics(idle)).series();
  EXPECT_EQ(more, base + 1 /* evidence */ + 6 /* phases */ + 4 /* learned */ + 3 /* TLS */);
  EXPECT_LT(base, 500u);
}

TEST(Metrics, AreAllDocumented) {
  std::ifstream file(WG_SOURCE_DIR "/docs/operations.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string documentation = text.str();
  const ExpositionCheck check(render_metrics(sample_snapshot()));
  for (const auto& [family, type] : check.families()) {
    EXPECT_THAT(documentation, HasSubstr("| `" + family + "` | " + type + " |"));
  }
  const std::regex row(R"(\n\| `((?:warmgate|process)_[a-z_]+)` \|)");
  for (std::sregex_iterator it(documentation.begin(), documentation.end(), row), end; it != end;
       ++it) {
    EXPECT_TRUE(check.families().contains((*it)[1])) << (*it)[1] << " is documented and not there";
  }
}

}  // namespace
}  // namespace warmgate::admin
