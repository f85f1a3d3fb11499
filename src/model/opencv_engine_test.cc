// OpenCvEngine with the model that ships: the accuracy in assets/digits/README.md is true.
#include "model/opencv_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "model/infer_job.h"

namespace warmgate::model {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kDigits = WARMGATE_DIGITS_DIR;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::unique_ptr<InferenceEngine> digits_engine() {
  auto engine = load_opencv_engine(read(kDigits + "/digits.onnx"));
  EXPECT_TRUE(engine.ok()) << engine.error().message;
  return std::move(*engine);
}

std::vector<int> answers(const json& response) {
  const auto data = response["outputs"][0]["data"].get<std::vector<float>>();
  std::vector<int> result;
  for (auto row = data.begin(); row != data.end(); row += 10) {
    result.push_back(static_cast<int>(std::max_element(row, row + 10) - row));
  }
  return result;
}

TEST(OpenCvEngine, KnowsTheSignatureFromTheFile) {
  const auto engine = digits_engine();
  const Signature& signature = engine->signature();
  EXPECT_EQ(signature.input.name, "pixels");
  EXPECT_EQ(signature.input.shape, (std::vector<int64_t>{-1, 1, 8, 8}));
  EXPECT_EQ(signature.output.name, "probabilities");
  EXPECT_EQ(signature.output.shape, (std::vector<int64_t>{-1, 10}));
  EXPECT_EQ(signature.version, 1);
}

TEST(OpenCvEngine, ProvesItself) {
  EXPECT_TRUE(prove_engine(*digits_engine()).ok());
}

TEST(OpenCvEngine, BatchesMayDifferInSize) {
  const auto engine = digits_engine();
  for (const int64_t batch : {3, 1, 40, 2}) {
    const Tensor input{{batch, 1, 8, 8}, std::vector<float>(static_cast<size_t>(batch) * 64, 4)};
    const auto output = engine->run(input);
    ASSERT_TRUE(output.ok()) << output.error().message;
    EXPECT_EQ(output->shape, (std::vector<int64_t>{batch, 10}));
    // The same image gives the same answer wherever it stands in a batch.
    EXPECT_FLOAT_EQ(output->data.front(), output->data[output->data.size() - 10]);
  }
}

TEST(OpenCvEngine, ClassifiesTheTestImagesAsTheReadmeSays) {
  const auto engine = digits_engine();
  const ModelIdentity model{"digits", engine->signature()};
  std::ifstream lines(kDigits + "/requests.jsonl");
  int images = 0, right = 0;
  for (std::string line; std::getline(lines, line);) {
    const json request = json::parse(line);
    const InferResult result = run_infer(request["body"].dump(), *engine, model, {});
    ASSERT_EQ(result.outcome, Outcome::ok) << result.body;
    const std::vector<int> given = answers(json::parse(result.body));
    EXPECT_EQ(given, request["answers"].get<std::vector<int>>());
    const auto labels = request["labels"].get<std::vector<int>>();
    for (size_t i = 0; i < labels.size(); ++i) right += given[i] == labels[i];
    images += static_cast<int>(labels.size());
  }
  EXPECT_EQ(images, 440);
  EXPECT_EQ(right, 436);
}

TEST(OpenCvEngine, SaysWhatIsWrongWithAFile) {
  const std::string good = read(kDigits + "/digits.onnx");
  EXPECT_THAT(load_opencv_engine("GIF89a").error().message, HasSubstr("is not an ONNX model"));
  EXPECT_THAT(load_opencv_engine(good.substr(0, good.size() / 2)).error().message,
              HasSubstr("cut short"));
  std::string unknown_operator = good;
  unknown_operator.replace(unknown_operator.find("Softmax"), 7, "Qoftmax");
  EXPECT_THAT(load_opencv_engine(unknown_operator).error().message,
              HasSubstr("OpenCV cannot load"));
}

}  // namespace
}  // namespace warmgate::model
