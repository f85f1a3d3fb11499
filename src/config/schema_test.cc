// The JSON Schema takes what the loader takes, and refuses the mistakes that a schema can see.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "config/loader.h"
#include "config/reference.h"
#include "config/yaml.h"

namespace warmgate::config {
namespace {

using Json = nlohmann::json;

// As an editor sees it: unquoted numbers and booleans are no texts.
Json to_value(const Node& node) {
  Json out;
  switch (node.kind) {
    case Node::Kind::null:
      break;
    case Node::Kind::scalar: {
      const Json parsed = Json::parse(node.text, nullptr, false);
      const bool literal = parsed.is_number() || parsed.is_boolean();
      out = node.style == Node::Style::word && literal ? parsed : Json(node.text);
      break;
    }
    case Node::Kind::list:
      out = Json::array();
      for (const Node& item : node.items) out.push_back(to_value(item));
      break;
    case Node::Kind::map:
      out = Json::object();
      for (size_t i = 0; i < node.keys.size(); ++i) {
        out[node.keys[i].text] = to_value(node.items[i]);
      }
      break;
  }
  return out;
}

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() {
    const Json text = Json::parse(json_schema());
    valijson::adapters::NlohmannJsonAdapter adapter(text);
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, schema_);
  }

  bool accepts(const std::string& yaml) {
    Report report;
    std::optional<Node> tree = parse_yaml(yaml, report);
    EXPECT_TRUE(tree) << yaml;
    if (!tree) return false;
    const Json value = to_value(*tree);
    valijson::adapters::NlohmannJsonAdapter adapter(value);
    valijson::Validator validator;
    return validator.validate(schema_, adapter, nullptr);
  }

  valijson::Schema schema_;
};

std::string read_example(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream(std::string(WG_SOURCE_DIR) + "/examples/" + name).rdbuf();
  return out.str();
}

TEST_F(SchemaTest, TakesTheExamplesAndWhatCheckPrints) {
  for (const char* name : {"minimal.yaml", "full.yaml"}) {
    const std::string yaml = read_example(name);
    EXPECT_TRUE(accepts(yaml)) << name;
    const Loaded loaded = load_text(yaml, name);
    ASSERT_TRUE(loaded.config) << loaded.error_text();
    EXPECT_TRUE(accepts(resolved_yaml(*loaded.config))) << name;
  }
}

TEST_F(SchemaTest, TakesEachWayToWriteAValue) {
  EXPECT_TRUE(accepts("{listen: ':1', admin: off, services: [{name: a, timeouts: {total: 0}}]}"));
  EXPECT_TRUE(accepts("services: [{name: a, slo: 1m30s, limits: {max_body: 1.5 MiB}}]"));
  EXPECT_TRUE(accepts("services: [{name: a, serverless: {backends: [{url: 'http://x'}]}}]"));
}

TEST_F(SchemaTest, RefusesWhatTheLoaderRefuses) {
  const std::string broken[] = {
      "listen: ':1'",
      "services: []",
      "services: {name: a}",
      "services: [{slo: 1s}]",
      "services: [{name: a, servless: {}}]",
      "services: [{name: a, slo: 500}]",
      "services: [{name: a, slo: 500mss}]",
      "services: [{name: -a}]",
      "services: [{name: a, prefer: both}]",
      "services: [{name: a, limits: {max_body: 32M}}]",
      "services: [{name: a, repeatable: 'yes'}]",
      "services: [{name: a, serverless: {concurrency: 1001}}]",
      "services: [{name: a, serverless: {concurrency: '10'}}]",
      "services: [{name: a, serverless: {backends: 'ftp://x'}}]",
      "services: [{name: a, routes: [{heavy: true}]}]",
      "services: [{name: a, bypass: {budget: 1.5}}]",
      "services: [{name: a, serverless: {schedules: [{start: '0 8 * * *'}]}}]",
      "services: [{name: a, serverless: {schedules: [{start: 8am, end: '0 18 * * *'}]}}]",
      "services: [{name: a, queue: }]",
  };
  for (const std::string& yaml : broken) {
    EXPECT_FALSE(accepts(yaml)) << yaml;
    EXPECT_FALSE(load_text(yaml, "f").config.has_value()) << yaml;
  }
}

}  // namespace
}  // namespace warmgate::config
