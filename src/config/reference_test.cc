// The shipped files say what the table of keys says. To bring them up to date after a change of the
// table, run this test with WG_UPDATE_GENERATED=1.
#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "config/loader.h"

namespace warmgate::config {
namespace {

constexpr const char* kBegin = "<!-- generated: begin -->\n";
constexpr const char* kEnd = "<!-- generated: end -->\n";

std::string in_source(const std::string& path) {
  return std::string(WG_SOURCE_DIR) + "/" + path;
}

std::string read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(in_source(path), std::ios::binary).rdbuf();
  return out.str();
}

void expect_same(const std::string& path, const std::string& wanted) {
  if (std::getenv("WG_UPDATE_GENERATED") != nullptr) {
    std::ofstream(in_source(path), std::ios::binary) << wanted;
  }
  EXPECT_TRUE(read(path) == wanted)
      << path << " is out of date; run this test with WG_UPDATE_GENERATED=1";
}

TEST(Reference, ShippedSchemaIsGenerated) {
  expect_same("schema/warmgate.schema.json", json_schema());
}

TEST(Reference, ShippedDocumentationIsGenerated) {
  const std::string text = read("docs/configuration.md");
  const size_t begin = text.find(kBegin);
  const size_t end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  expect_same("docs/configuration.md",
              text.substr(0, begin) + kBegin + reference_markdown() + text.substr(end));
}

TEST(Reference, YamlInTheDocumentationIsValid) {
  std::string text = read("docs/configuration.md");
  const std::string fence = "```yaml\nlisten:";
  const size_t begin = text.find(fence);
  ASSERT_NE(begin, std::string::npos);
  text = text.substr(begin + 8);
  const Loaded loaded = load_text(text.substr(0, text.find("```")), "docs");
  EXPECT_EQ(loaded.error_text() + loaded.hint_text(), "");
}

TEST(Resolved, HasEveryKeyAndLoadsAgainAsTheSame) {
  for (const char* path : {"examples/minimal.yaml", "examples/full.yaml"}) {
    const Loaded loaded = load_file(in_source(path));
    ASSERT_TRUE(loaded.config) << loaded.error_text();
    EXPECT_EQ(loaded.hint_text(), "") << path;
    const std::string printed = resolved_yaml(*loaded.config);
    const Loaded again = load_text(printed, "printed");
    ASSERT_TRUE(again.config) << again.error_text();
    EXPECT_EQ(resolved_yaml(*again.config), printed);
  }
}

TEST(Resolved, MarksDefaultsOnly) {
  const Loaded loaded = load_text(
      "services: [{name: a, slo: 1s, always_on: {backends: 'http://x'}, match: {headers: {'null': "
      "a, -b: c}}}]",
      "f");
  ASSERT_TRUE(loaded.config) << loaded.error_text();
  const std::string printed = resolved_yaml(*loaded.config);
  EXPECT_THAT(printed, testing::HasSubstr("    slo: 1s\n"));
  EXPECT_THAT(printed, testing::ContainsRegex("    prefer: serverless +# default\n"));
  EXPECT_TRUE(load_text(printed, "printed").config) << printed;
}

TEST(LoadedJson, TellsErrorsWithTheirPlaces) {
  const std::string json = loaded_json(load_text("servces: 1", "f.yaml"));
  for (const char* part : {"\"valid\": false", "\"file\": \"f.yaml\"", "\"line\": 1",
                           "\"key\": \"servces\"", "did you mean `services`?"}) {
    EXPECT_THAT(json, testing::HasSubstr(part));
  }
  EXPECT_THAT(json, testing::Not(testing::HasSubstr("\"config\"")));
}

}  // namespace
}  // namespace warmgate::config
