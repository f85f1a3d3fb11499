#include "config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace warmgate::config {
namespace {

using testing::HasSubstr;

std::string first_error(const std::string& text) {
  Report report;
  parse_yaml(text, report);
  return report.ok() ? "" : to_text(report.errors().front(), "f");
}

TEST(Yaml, KeepsPlacesStylesAndOrder) {
  Report report;
  std::optional<Node> root = parse_yaml("b: 1\na:\n  - \"x\"\n  - y\n", report);
  ASSERT_TRUE(root);
  ASSERT_EQ(root->keys.size(), 2u);
  EXPECT_EQ(root->keys[0].text, "b");
  EXPECT_EQ(root->keys[1].mark.line, 2u);
  const Node& list = root->items[1];
  EXPECT_EQ(list.items[0].style, Node::Style::quoted);
  EXPECT_EQ(list.items[1].style, Node::Style::word);
  EXPECT_EQ(list.items[1].mark.line, 4u);
  EXPECT_EQ(list.items[1].mark.column, 5u);
}

TEST(Yaml, AliasesAreCopies) {
  Report report;
  std::optional<Node> root = parse_yaml("a: &x {k: v}\nb: *x\n", report);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->items[1].items[0].text, "v");
}

TEST(Yaml, RefusesDuplicateKeysWithBothPlaces) {
  EXPECT_EQ(first_error("a: 1\nb: 2\na: 3\n"), "f:3:1: the key `a` stands in line 1 already");
}

TEST(Yaml, RefusesBrokenTextWithItsPlace) {
  EXPECT_THAT(first_error("a: [1, 2\nb: }"), HasSubstr("not valid YAML"));
  EXPECT_THAT(first_error("a: 1\n b: 2\n"), HasSubstr("f:2:"));
  EXPECT_THAT(first_error("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(first_error("[a]: 1\n"), HasSubstr("plain text"));
  EXPECT_THAT(first_error("a: *nowhere\n"), HasSubstr("f:1:"));
  EXPECT_THAT(first_error("a: &x [*x]\n"), HasSubstr("alias"));
}

TEST(Yaml, BoundsDepthSizeAndAliases) {
  EXPECT_THAT(first_error(std::string(40, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(first_error(std::string(kMaxBytes + 1, ' ')), HasSubstr("longer than 1 MiB"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string name = "a" + std::to_string(i);
    const std::string use = "*a" + std::to_string(i - 1);
    bomb += name + ": &" + name + " [" + use;
    for (int j = 0; j < 9; ++j) bomb += ", " + use;
    bomb += "]\n";
  }
  EXPECT_THAT(first_error(bomb), HasSubstr("counting what aliases stand for"));
}

}  // namespace
}  // namespace warmgate::config
