#include "model/protocol.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace warmgate::model {
namespace {

using nlohmann::json;

const ModelIdentity kModel = {"sums", {{"x", {-1, 2}}, {"y", {-1, 2}}, 4}};

TEST(Protocol, ResponseReadsBackToTheSameFloats) {
  const Tensor output{{2, 2}, {0.1f, -1e-30f, std::numeric_limits<float>::max(), 0.0f}};
  const json document = json::parse(render_infer_response(kModel, "r\"1", output));
  EXPECT_EQ(document["model_name"], "sums");
  EXPECT_EQ(document["model_version"], "4");
  EXPECT_EQ(document["id"], "r\"1");
  ASSERT_EQ(document["outputs"].size(), 1u);
  const json& tensor = document["outputs"][0];
  EXPECT_EQ(tensor["name"], "y");
  EXPECT_EQ(tensor["datatype"], "FP32");
  EXPECT_EQ(tensor["shape"], json({2, 2}));
  EXPECT_EQ(tensor["data"].get<std::vector<float>>(), output.data);
}

TEST(Protocol, ResponseHasNoIdWhenTheRequestHadNone) {
  const json document = json::parse(render_infer_response(kModel, "", Tensor{{1, 1}, {1}}));
  EXPECT_FALSE(document.contains("id"));
}

TEST(Protocol, MetadataDocuments) {
  const json model = json::parse(render_model_metadata(kModel));
  EXPECT_EQ(model, json::parse(R"({"name":"sums","versions":["4"],"platform":"onnx",
      "inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],
      "outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]})"));
  EXPECT_EQ(json::parse(render_server_metadata("1.2.3")),
            json::parse(R"({"name":"warmgate-model","version":"1.2.3","extensions":[]})"));
  EXPECT_EQ(json::parse(render_model_ready(kModel)),
            json::parse(R"({"name":"sums","ready":true})"));
}

TEST(Protocol, ErrorsAreValidJsonWhateverTheyQuote) {
  EXPECT_EQ(json::parse(render_error("a \"b\""))["error"], "a \"b\"");
  EXPECT_TRUE(json::accept(render_error("\xff\xfe")));
}

}  // namespace
}  // namespace warmgate::model
