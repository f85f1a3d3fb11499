#include "config/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/loader.h"

namespace warmgate::config {
namespace {

using testing::HasSubstr;

std::string service(const std::string& name, const std::string& more) {
  return "  - name: " + name + "\n    always_on: {backends: http://10.0.0.1:1}\n" + more;
}

std::string errors_of(const std::string& services, const std::string& top = "") {
  return load_text(top + "services:\n" + services, "f").error_text();
}

std::string hints_of(const std::string& more) {
  const Loaded loaded = load_text(
      "services:\n  - name: a\n    always_on: {backends: http://10.0.0.1:1}\n" + more, "f");
  EXPECT_EQ(loaded.error_text(), "");
  return loaded.hint_text();
}

constexpr const char* kServerless = "    serverless: {backends: http://10.0.0.2:1}\n";

TEST(Checks, NamesAreUnique) {
  EXPECT_EQ(errors_of(service("a", "    match: {paths: /x}\n") + service("a", "")),
            "f:5:11: services[1].name: `a` is the name of services[0] already");
}

TEST(Checks, TheSameMatchTwiceIsAmbiguous) {
  EXPECT_THAT(errors_of(service("a", "") + service("b", "")),
              HasSubstr("services[1].match: takes no request: every host and every path"));
  const std::string one = "    match: {hosts: [x.example, y.example], headers: {a: 1, b: 2}}\n";
  const std::string two = "    match: {hosts: Y.example, headers: {B: 2, a: 1}}\n";
  EXPECT_THAT(errors_of(service("a", one) + service("b", two)), HasSubstr("host `y.example`"));
  EXPECT_EQ(errors_of(service("a", one) + service("b", "")), "");
}

TEST(Checks, HostsTimesPathsAreBounded) {
  std::string hosts, paths;
  for (int i = 0; i < 101; ++i) {
    hosts += (i == 0 ? "h" : ", h") + std::to_string(i);
    paths += (i == 0 ? "/p" : ", /p") + std::to_string(i);
  }
  const std::string match = "    match: {hosts: [" + hosts + "], paths: [" + paths + "]}\n";
  EXPECT_THAT(errors_of(service("a", match)), HasSubstr("services: have 10201 pairs"));
}

TEST(Checks, AStreamCannotBeAheadOfItsConnection) {
  const std::string top = "http2: {stream_window: 2MiB, connection_window: 1MiB}\n";
  const Loaded loaded = load_text(top + "services:\n" + service("a", ""), "f");
  EXPECT_EQ(loaded.error_text(), "");
  EXPECT_THAT(loaded.hint_text(), HasSubstr("http2.stream_window: is larger than"));
}

TEST(Checks, ListenersMustDiffer) {
  EXPECT_THAT(errors_of(service("a", ""), "listen: ':9901'\n"),
              HasSubstr("admin: is the same as the listen address `:9901`"));
  EXPECT_THAT(errors_of(service("a", ""), "listen: [':80', '127.0.0.1:80']\n"),
              HasSubstr("f:1:17: listen[1]: is taken by `:80`"));
  EXPECT_EQ(errors_of(service("a", ""), "listen: ':9901'\nadmin: off\n"), "");
}

TEST(Checks, AServiceHasABackend) {
  EXPECT_EQ(errors_of("  - name: a\n"),
            "f:2:5: services[0]: has no backend; set `always_on.backends` and "
            "`serverless.backends`");
}

TEST(Checks, BackendsAreNoTwinsAndNotOurselves) {
  EXPECT_THAT(errors_of("  - {name: a, always_on: {backends: ['http://x:1', 'http://x:1/']}}\n"),
              HasSubstr("services[0].always_on.backends[1]: stands in this pool twice"));
  EXPECT_THAT(errors_of("  - {name: a, serverless: {backends: 'http://localhost:8080'}}\n"),
              HasSubstr("requests would go in a circle"));
  EXPECT_EQ(errors_of("  - {name: a, serverless: {backends: 'http://other:8080'}}\n"), "");
}

TEST(Checks, RoutesStandOnceAndPenaltiesGrow) {
  EXPECT_THAT(errors_of(service("a", "    routes: [{path: /x}, {path: /x}]\n")),
              HasSubstr("routes[1].path: `/x` stands in this list already"));
  EXPECT_THAT(errors_of(service("a", "    circuit: {open_for: 10s, max_open: 5s}\n")),
              HasSubstr("circuit.max_open: must not be shorter"));
}

TEST(Checks, OdditiesAreHints) {
  EXPECT_EQ(hints_of(kServerless), "");
  EXPECT_THAT(hints_of(""), HasSubstr("hint: f:2:5: services[0]: has no serverless pool"));
  EXPECT_THAT(hints_of("    serverless: {backends: http://10.0.0.1:1}\n"), HasSubstr("both pools"));
  const std::string pool(kServerless);
  EXPECT_THAT(hints_of(pool + "    slo: 10m\n"), HasSubstr("services[0].slo: is longer than"));
  EXPECT_EQ(hints_of(pool + "    slo: 10m\n    timeouts: {total: 0}\n"), "");
  EXPECT_THAT(hints_of(pool + "    slo: 15ms\n"), HasSubstr("no bypass can help"));
  EXPECT_THAT(hints_of(pool + "    queue: {cold_wait: 1s}\n"), HasSubstr("queue.cold_wait"));
  EXPECT_THAT(hints_of(pool + "    wake: {timeout: 1s}\n"), HasSubstr("wake.timeout"));
  EXPECT_THAT(hints_of(pool + "    timeouts: {first_byte: 1s}\n"), HasSubstr("first_byte"));
  EXPECT_THAT(hints_of(pool + "    queue: {max_bytes: 1MiB}\n"), HasSubstr("cannot wait"));
}

TEST(Checks, TlsThatProtectsNothingIsQuestioned) {
  const std::string https = "    serverless: {backends: https://a.example, tls: ";
  EXPECT_EQ(hints_of(https + "{ca_file: ca.pem}}\n"), "");
  EXPECT_THAT(hints_of(https + "{verify: false}}\n"),
              HasSubstr("services[0].serverless.tls.verify: is false: whoever"));
  EXPECT_THAT(hints_of("    serverless: {backends: http://b, tls: {ca_file: ca.pem}}\n"),
              HasSubstr("has no effect"));
  EXPECT_THAT(errors_of(service("a", https + "{client_key: k.pem}}\n")),
              HasSubstr("services[0].serverless.tls: needs `client_certificate`"));
}

TEST(Checks, TlsTowardsClientsNeedsBothAPortAndACertificate) {
  const std::string files = "tls: {certificates: [{certificate: a.pem, key: a.key}]}\n";
  EXPECT_EQ(errors_of(service("a", ""), "listen: 'https://:8443'\n" + files), "");
  EXPECT_THAT(errors_of(service("a", ""), "listen: [':8080', 'https://:8443']\n"),
              HasSubstr("tls: needs `certificates`"));
  EXPECT_THAT(errors_of(service("a", ""), "admin: 'https://127.0.0.1:9901'\n"),
              HasSubstr("admin: speaks no TLS"));
  EXPECT_THAT(errors_of(service("a", ""), "tls: {certificates: [{certificate: a.pem}]}\n"),
              HasSubstr("tls.certificates[0]: `key` is missing"));
  EXPECT_THAT(load_text(files + "services:\n" + service("a", ""), "f").hint_text(),
              HasSubstr("tls: has no effect"));
}

TEST(Checks, AFieldForFairSharesIsOfUseOnlyWhereTheyGoByIt) {
  const std::string field = "    queue: {fair_header: x-api-key";
  EXPECT_THAT(hints_of(kServerless + field + "}\n"), HasSubstr("fair_header: has no effect"));
  EXPECT_EQ(hints_of(kServerless + field + ", fair_by: header}\n"), "");
}

TEST(Checks, AReleasePathIsOfUseOnlyWhereIdleTimeIsPaid) {
  const std::string pool = "    serverless: {backends: http://10.0.0.2:1, release_path: /release";
  EXPECT_THAT(hints_of(pool + "}\n"), HasSubstr("release_path: has no effect"));
  EXPECT_EQ(hints_of(pool + ", billing: instance}\n"), "");
}

TEST(Checks, KeepingWarmIsQuestionedWhereItIsDearOrUseless) {
  const std::string dear = "    serverless: {backends: http://10.0.0.2:1, keep_warm: true, ";
  EXPECT_THAT(hints_of(dear + "billing: instance}\n"), HasSubstr("has no effect"));
  EXPECT_THAT(hints_of(dear + "keep_warm_interval: 15m}\n"), HasSubstr("when the ping comes"));
}

}  // namespace
}  // namespace warmgate::config
