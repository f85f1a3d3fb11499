#include "http/message.h"

#include <gtest/gtest.h>

#include <string>

#include "http/field_names.h"

namespace warmgate::http {
namespace {

TEST(Classify, KnowsEveryNameInAnyCase) {
  for (const KnownName& known : kKnownNames) {
    std::string name(known.text);
    EXPECT_EQ(classify(name), known.id) << name;
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(classify(name), known.id) << name;
  }
}

TEST(Classify, OneWrongByteIsAnotherName) {
  for (const KnownName& known : kKnownNames) {
    for (size_t i = 0; i < known.text.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string name(known.text);
        name[i] = static_cast<char>(name[i] ^ (1 << bit));
        const bool only_case = bit == 5 && std::isalpha(static_cast<unsigned char>(name[i])) != 0;
        EXPECT_EQ(classify(name) == known.id, only_case) << name;
      }
    }
    EXPECT_EQ(classify(std::string(known.text) + "x"), FieldName::other);
    EXPECT_EQ(classify(known.text.substr(1)), FieldName::other);
  }
  EXPECT_EQ(classify(""), FieldName::other);
}

TEST(Classify, OwnFieldsByPrefix) {
  EXPECT_EQ(classify("warmgate-pool"), FieldName::warmgate);
  EXPECT_EQ(classify("WarmGate-X"), FieldName::warmgate);
  EXPECT_EQ(classify("warmgate"), FieldName::other);
  EXPECT_EQ(classify("warmgatepool-"), FieldName::other);
}

TEST(Fields, FindsByIdAndByName) {
  Fields fields;
  ASSERT_TRUE(fields.push({"X-One", "1", FieldName::other}));
  ASSERT_TRUE(fields.push({"Host", "a", FieldName::host}));
  ASSERT_TRUE(fields.push({"x-one", "2", FieldName::other}));
  EXPECT_EQ(fields.find(FieldName::host)->value, "a");
  EXPECT_EQ(fields.find("x-ONE")->value, "1");
  EXPECT_EQ(fields.find("x-two"), nullptr);
  EXPECT_EQ(fields.find(FieldName::via), nullptr);
}

TEST(Fields, IsBoundedAndCopiesWhatItHolds) {
  Fields fields;
  for (size_t i = 0; i < kMaxFields; ++i) ASSERT_TRUE(fields.push({"a", "b", FieldName::via}));
  EXPECT_FALSE(fields.push({"a", "b", FieldName::via}));
  Fields copy = fields;
  EXPECT_EQ(copy.size(), kMaxFields);
  copy.clear();
  fields = copy;
  EXPECT_EQ(fields.span().size(), 0u);
}

}  // namespace
}  // namespace warmgate::http
