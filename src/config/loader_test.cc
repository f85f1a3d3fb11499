#include "config/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace warmgate::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A valid file with `lines` added to its service.
std::string service_with(const std::string& lines) {
  return "services:\n  - name: a\n    always_on: {backends: http://127.0.0.1:1}\n"
         "    serverless: {backends: http://127.0.0.1:2}\n" +
         lines;
}

Config must_load(const std::string& yaml) {
  Loaded loaded = load_text(yaml, "f.yaml");
  EXPECT_EQ(loaded.error_text(), "");
  return loaded.config.value_or(Config{});
}

std::string errors_of(const std::string& yaml) {
  Loaded loaded = load_text(yaml, "f.yaml");
  EXPECT_FALSE(loaded.config.has_value());
  return loaded.error_text();
}

TEST(Loader, FillsWhatIsWrittenAndKeepsDefaults) {
  const Config config =
      must_load(service_with("    slo: 1m30s\n    slo_until: first_byte\n"
                             "    limits: {max_body: 1.5KiB}\n"));
  const Service& service = config.services.at(0);
  EXPECT_EQ(service.policy.slo, 90s);
  EXPECT_TRUE(service.policy.slo_first_byte);
  EXPECT_EQ(service.limits.max_body, 1536u);
  EXPECT_EQ(service.policy.always_on.backends, 1);
  EXPECT_EQ(service.policy.serverless.backends, 1);
  EXPECT_EQ(service.policy.serverless.concurrency, 80u);
  EXPECT_EQ(config.listen.at(0).port, 8080);
  EXPECT_EQ(config.admin->port, 9901);
}

TEST(Loader, BackendsMayHaveAnotherHostField) {
  const Config config = must_load(
      "services: [{name: a, serverless: {backends: [{url: 'http://10.0.0.1:1/x/', host_header: "
      "a.run.app}]}}]");
  const Backend& backend = config.services.at(0).serverless.at(0);
  EXPECT_EQ(backend.host, "10.0.0.1");
  EXPECT_EQ(backend.base_path, "/x");
  EXPECT_EQ(backend.host_header, "a.run.app");
  EXPECT_EQ(config.services.at(0).policy.always_on.backends, 0);
}

TEST(Loader, ReadsMatchRoutesAndModel) {
  const Config config = must_load(
      service_with("    match: {hosts: '*.A.Example', paths: [/v2], headers: {X-Model: m}}\n"
                   "    routes: [{path: /v2/big, heavy: true, priority: low}]\n"
                   "    model: {name: a b}\n"));
  const Service& service = config.services.at(0);
  EXPECT_EQ(service.match.hosts.at(0), "*.a.example");
  EXPECT_EQ(service.match.headers.at(0), (HeaderMatch{"x-model", "m"}));
  EXPECT_TRUE(service.routes.at(0).heavy);
  EXPECT_EQ(service.routes.at(0).repeatable, std::nullopt);
  EXPECT_EQ(service.routes.at(0).priority, policy::Priority::low);
  EXPECT_EQ(service.model.path, "/v2/models/a%20b");
}

TEST(Loader, AdminMayBeOff) {
  EXPECT_FALSE(must_load("admin: off\n" + service_with("")).admin.has_value());
}

TEST(Loader, UnknownKeyHasFileLineColumnPathAndNearestKey) {
  EXPECT_EQ(errors_of("services:\n  - name: a\n    serverless:\n      concurency: 3\n"),
            "f.yaml:4:7: services[0].serverless.concurency: unknown key; did you mean "
            "`concurrency`?");
  EXPECT_THAT(errors_of(service_with("    zzz: 1\n")), HasSubstr("known here are name, match"));
}

TEST(Loader, WrongValuesNameWhatIsExpected) {
  const std::pair<const char*, const char*> cases[] = {
      {"slo: 500", "not `500`; it needs a unit"},
      {"slo: 2h", "from 1ms to 1h, not `2h`"},
      {"slo: [1s]", "must be a duration from 1ms to 1h, not a list"},
      {"slo:", "not empty; remove the key"},
      {"limits: {max_body: 32}", "not `32`, which has no unit"},
      {"limits: {max_body: 3XB}", "must be a size"},
      {"prefer: serverles", "one of `serverless`, `always_on`, not `serverles`; did you mean"},
      {"repeatable: yes", "true or false, not `yes`"},
      {"repeatable: \"true\"", "true or false, not the text `true`"},
      {"retry: {max_attempts: 11}", "from 1 to 10, not `11`"},
      {"retry: {max_attempts: \"3\"}", "not the text `3`"},
      {"retry: {max_attempts: -1}", "not `-1`"},
      {"retry: {budget: .nan}", "a number from 0 to 1, not `.nan`"},
      {"queue: 3", "must be a map of keys, not `3`"},
      {"health: {path: v2}", "a path that begins with `/`"},
      {"match: {hosts: 'a:80'}", "without port"},
      {"match: {headers: {'a b': x}}", "no name of a header"},
      {"match: {headers: {A: x, a: y}}", "stands here twice"},
      {"routes: [{heavy: true}]", "`path` is missing"},
      {"routes: [{path: /a, priority: urgent}]", "`high`, `low`"},
  };
  for (const auto& [line, message] : cases) {
    const std::string errors = errors_of(service_with("    " + std::string(line) + "\n"));
    EXPECT_THAT(errors, StartsWith("f.yaml:5:")) << line;
    EXPECT_THAT(errors, HasSubstr(message)) << line;
  }
}

TEST(Loader, HttpsIsUnderstood) {
  const Loaded loaded = load_text(
      "services: [{name: a, serverless: {backends: 'https://a.example/x', tls: {ca_file: /ca.pem, "
      "server_name: b.example}}}]",
      "f");
  ASSERT_TRUE(loaded.config) << loaded.error_text();
  const Service& service = loaded.config->services[0];
  EXPECT_EQ(service.serverless[0].scheme, Scheme::https);
  EXPECT_EQ(service.serverless[0].port, 443);
  EXPECT_EQ(service.serverless[0].host_header, "a.example");
  EXPECT_EQ(service.serverless_tls.ca_file, "/ca.pem");
  EXPECT_EQ(service.serverless_tls.server_name, "b.example");
  EXPECT_TRUE(service.serverless_tls.verify);
  EXPECT_EQ(service.always_on_tls, UpstreamTls{});
}

TEST(Loader, ReportsAllErrorsInTheOrderOfTheFileUpToABound) {
  const std::string errors = errors_of(service_with("    slo: 1\n    prefer: x\n    slo: 2\n"));
  EXPECT_THAT(errors, testing::MatchesRegex("(.|\n)*:5:(.|\n)*:6:(.|\n)*:7:(.|\n)*"));
  std::string many;
  for (int i = 0; i < 25; ++i) many += "k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(errors_of(many), HasSubstr("\nand 6 more")) << "25 keys and no services";
}

TEST(Loader, EmptyTextLacksItsServices) {
  EXPECT_THAT(errors_of(""), HasSubstr("`services` is missing"));
  EXPECT_THAT(errors_of("services: []"), HasSubstr("must have 1 to 1000 items, not 0"));
  EXPECT_THAT(errors_of("- a"), HasSubstr("must be a map of keys, not a list"));
}

TEST(Loader, MissingFileIsUnreadable) {
  const Loaded missing = load_file("/nonexistent/warmgate.yaml");
  EXPECT_TRUE(missing.unreadable);
  EXPECT_THAT(missing.error_text(), HasSubstr("warmgate.yaml: cannot be read: No such file"));
  EXPECT_TRUE(load_file("/").unreadable);
}

TEST(QuickForm, MakesOneService) {
  QuickForm form;
  form.always_on = {"http://127.0.0.1:1", "http://127.0.0.1:2"};
  form.serverless = {"http://127.0.0.1:3"};
  form.slo = "250ms";
  form.listen = {":18080"};
  form.admin = "off";
  form.always_on_concurrency = "2";
  form.ready_path = "/ready";
  form.cold_start = "12s";
  const Loaded loaded = from_quick_form(form);
  ASSERT_TRUE(loaded.config) << loaded.error_text();
  const Service& service = loaded.config->services.at(0);
  EXPECT_EQ(service.name, "default");
  EXPECT_EQ(service.policy.always_on.backends, 2);
  EXPECT_EQ(service.policy.always_on.concurrency, 2u);
  EXPECT_EQ(service.policy.slo, 250ms);
  EXPECT_EQ(loaded.config->listen.at(0).port, 18080);
  EXPECT_FALSE(loaded.config->admin);
  EXPECT_EQ(service.probes.health_path, "/ready");
  EXPECT_EQ(service.probes.wake_path, "/ready");
  EXPECT_EQ(service.policy.serverless.expected_cold_start, 12s);
}

TEST(QuickForm, HasACertificateForClients) {
  QuickForm form;
  form.always_on = {"http://a:1"};
  form.listen = {"https://:8443"};
  form.tls_certificate = "a.pem";
  form.tls_key = "a.key";
  const Loaded loaded = from_quick_form(form);
  ASSERT_TRUE(loaded.config) << loaded.error_text();
  EXPECT_TRUE(loaded.config->listen.front().tls);
  ASSERT_EQ(loaded.config->tls.certificates.size(), 1u);
  EXPECT_EQ(loaded.config->tls.certificates.front().certificate, "a.pem");
  form.tls_key.clear();
  EXPECT_THAT(from_quick_form(form).error_text(), HasSubstr("`key` is missing"));
}

TEST(QuickForm, ErrorsNameTheFlag) {
  QuickForm form;
  EXPECT_THAT(from_quick_form(form).error_text(), HasSubstr("give --always-on URL"));
  form.always_on = {"localhost:1"};
  form.slo = "500";
  form.always_on_concurrency = "0";
  EXPECT_EQ(
      from_quick_form(form).error_text(),
      "--always-on: `localhost:1` is no address; write http://HOST:PORT or https://HOST\n"
      "--always-on-concurrency: must be a whole number from 1 to 10000, not `0`\n"
      "--slo: must be a duration from 1ms to 1h, not `500`; it needs a unit: ms, s, m, h or d");
  form = {};
  form.always_on = {"http://a:1"};
  form.listen = {":9901"};
  form.admin = "127.0.0.1:9901";
  EXPECT_THAT(from_quick_form(form).error_text(), StartsWith("--admin: is the same as"));
}

}  // namespace
}  // namespace warmgate::config
