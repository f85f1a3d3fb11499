// parse_infer_request() of protocol.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/protocol.h"

namespace warmgate::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Signature kSignature = {{"x", {-1, 1, 2}}, {"y", {-1, 1}}, 1};

std::variant<InferRequest, Refusal> parse(const std::string& body, const Limits& limits = {}) {
  return parse_infer_request(body, kSignature, limits);
}
std::string with_data(const std::string& data, const std::string& shape = "[2,1,2]") {
  return R"({"inputs":[{"name":"x","datatype":"FP32","shape":)" + shape + R"(,"data":)" + data +
         "}]}";
}
InferRequest good(const std::string& body) {
  auto parsed = parse(body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    ADD_FAILURE() << refusal->message;
    return {};
  }
  return std::get<InferRequest>(parsed);
}
Refusal refused(const std::string& body, const Limits& limits = {}) {
  auto parsed = parse(body, limits);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return *refusal;
  ADD_FAILURE() << "accepted: " << body;
  return {};
}
std::string complaint(const std::string& body) {
  return refused(body).message;
}

TEST(InferRequest, ReadsFlatAndNestedDataAlike) {
  const InferRequest flat = good(with_data("[1,2.5,-3,4e2]"));
  EXPECT_THAT(flat.input.shape, ElementsAre(2, 1, 2));
  EXPECT_THAT(flat.input.data, ElementsAre(1.0f, 2.5f, -3.0f, 400.0f));
  EXPECT_EQ(flat.id, "");
  EXPECT_EQ(good(with_data("[[[1,2.5]],[[-3,4e2]]]")).input.data, flat.input.data);
}

TEST(InferRequest, ToleratesWhatTheProtocolAllows) {
  const InferRequest request = good(
      R"({"id":"a7","parameters":{"priority":3},"unknown":[1,{"a":null}],
          "inputs":[{"name":"x","shape":[1,1,2],"datatype":"FP32","parameters":{},"data":[1,2]}],
          "outputs":[{"name":"y","parameters":{"binary_data":false}}]})");
  EXPECT_EQ(request.id, "a7");
  EXPECT_THAT(request.input.data, ElementsAre(1.0f, 2.0f));
}

TEST(InferRequest, NamesWhatWasExpected) {
  EXPECT_THAT(complaint("{"), HasSubstr("not valid JSON at byte 2"));
  EXPECT_THAT(complaint(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint("[]"), HasSubstr("must be a JSON object"));
  EXPECT_THAT(complaint("{}"), HasSubstr(R"(one tensor named "x", datatype FP32, shape [-1,1,2])"));
  EXPECT_THAT(complaint(R"({"inputs":[{"name":"z"}]})"), HasSubstr(R"(does not take "z")"));
  EXPECT_THAT(complaint(R"({"inputs":[{"name":"x","datatype":"INT8"}]})"), HasSubstr("\"FP32\""));
  EXPECT_THAT(complaint(with_data("[1,2]", "[1,2]")), HasSubstr("must be [-1,1,2]"));
  EXPECT_THAT(complaint(with_data("[1,2]", "[1,1,3]")), HasSubstr("must be [-1,1,2]"));
  EXPECT_THAT(complaint(with_data("[]", "[0,1,2]")), HasSubstr("must be [-1,1,2]"));
  EXPECT_THAT(complaint(with_data("[]", "[-1,1,2]")), HasSubstr("must be [-1,1,2]"));
  EXPECT_THAT(complaint(with_data("[1,2]", "[1.0,1,2]")), HasSubstr("must be [-1,1,2]"));
  EXPECT_THAT(complaint(with_data("[1,2]", "7")), HasSubstr("needs a \"shape\""));
  EXPECT_THAT(complaint(with_data("[1,2,3]")), HasSubstr("has 3 values where the shape [2,1,2]"));
  EXPECT_THAT(complaint(with_data("[1,2,\"3\",4]")), HasSubstr("a string at position 2"));
  EXPECT_THAT(complaint(with_data("[1,2,null,4]")), HasSubstr("a null at position 2"));
  EXPECT_THAT(complaint(with_data("[[[1,2]],[[3]]]")), HasSubstr("nesting"));
  EXPECT_THAT(complaint(with_data("[[[1,2]],3]")), HasSubstr("nesting"));
  EXPECT_THAT(complaint(with_data("[[1,2],[3,4]]")), HasSubstr("nesting"));
  EXPECT_THAT(complaint(with_data("[1,2,3,1e39]")), HasSubstr("outside the range of FP32"));
  EXPECT_THAT(complaint(with_data("[1,2,3,1e999]")), HasSubstr("too large"));
  EXPECT_THAT(complaint(R"({"id":7,"inputs":[]})"), HasSubstr("\"id\" must be a string"));
  EXPECT_THAT(complaint(R"({"outputs":[{"name":"q"}]})"), HasSubstr(R"("name":"y")"));
  EXPECT_THAT(complaint(R"({"inputs":[{"name":"x","shape":[1,1,2],"datatype":"FP32"}]})"),
              HasSubstr("has no \"data\""));
}

TEST(InferRequest, RefusesInvalidUtf8AndOddTypesWithoutHarm) {
  EXPECT_EQ(refused("{\"id\":\"\xff\"}").status, 400);
  EXPECT_EQ(refused(R"({"inputs":{"name":"x"}})").status, 400);
  EXPECT_EQ(refused(R"({"inputs":[7]})").status, 400);
  EXPECT_EQ(refused(R"({"inputs":[{"name":7}]})").status, 400);
  EXPECT_EQ(refused(R"({"inputs":[{"name":"x","datatype":7}]})").status, 400);
  EXPECT_EQ(refused(R"({"outputs":7})").status, 400);
  EXPECT_EQ(refused(with_data("7")).status, 400);
  EXPECT_EQ(refused(with_data("[1]", "[18446744073709551615,1,2]")).status, 400);
}

TEST(InferRequest, KeepsItsLimits) {
  Limits limits;
  limits.max_batch = 2;
  EXPECT_TRUE(std::holds_alternative<InferRequest>(parse(with_data("[1,2,3,4]"), limits)));
  const Refusal batch = refused(with_data("[1,2,3,4,5,6]", "[3,1,2]"), limits);
  EXPECT_EQ(batch.status, 413);
  EXPECT_THAT(batch.message, HasSubstr("limit of 2 items"));

  limits.max_body_bytes = 10;
  EXPECT_EQ(refused(with_data("[1,2]"), limits).status, 413);
  EXPECT_THAT(complaint(R"({"id":")" + std::string(300, 'a') + "\"}"), HasSubstr("256 bytes"));
}

TEST(InferRequest, SmallBodiesDoNotBecomeLargeDocuments) {
  Limits limits;
  limits.max_batch = 2;
  std::string many = "[";
  for (int i = 0; i < 2000; ++i) many += "[],";
  EXPECT_EQ(refused(with_data(many + "[]]"), limits).status, 413);
  EXPECT_THAT(complaint(std::string(100'000, '[')), HasSubstr("nested deeper than 16"));
}

TEST(InferRequest, FreeInnerDimensionsAreBoundedByTheBody) {
  const Signature free = {{"x", {-1, -1}}, {"y", {-1, 1}}, 1};
  const auto parse_free = [&](const std::string& shape) {
    return parse_infer_request(with_data("[1,2,3,4]", shape), free, {});
  };
  EXPECT_TRUE(std::holds_alternative<InferRequest>(parse_free("[1,4]")));
  EXPECT_TRUE(std::holds_alternative<Refusal>(parse_free("[1000,1000000]")));
}

}  // namespace
}  // namespace warmgate::model
