#include "model/onnx_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace warmgate::model {
namespace {

using testing::HasSubstr;

// Just enough of a Protocol Buffers writer; all lengths are under 128.
std::string message(int field, const std::string& bytes) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}
std::string varint(int field, char value) {
  return {static_cast<char>(field << 3), value};
}

std::string dimension(char size) {  // 0: a named, free one
  return message(1, size == 0 ? message(2, "batch") : varint(1, size));
}
std::string value(const std::string& name, char type, const std::string& dimensions) {
  return message(1, name) + message(2, message(1, varint(1, type) + message(2, dimensions)));
}
std::string graph(const std::string& inputs_and_outputs) {
  return message(7, message(1, message(4, "Relu")) + inputs_and_outputs);
}

const std::string kIn = message(11, value("x", 1, dimension(0) + dimension(8)));
const std::string kOut = message(12, value("y", 1, dimension(0) + dimension(10)));

TEST(OnnxSignature, ReadsNamesShapesAndVersion) {
  const auto signature = read_onnx_signature(varint(1, 7) + varint(5, 3) + graph(kIn + kOut));
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(signature->version, 3);
  EXPECT_EQ(signature->input.name, "x");
  EXPECT_EQ(signature->input.shape, (std::vector<int64_t>{-1, 8}));
  EXPECT_EQ(signature->output.name, "y");
  EXPECT_EQ(signature->output.shape, (std::vector<int64_t>{-1, 10}));
}

TEST(OnnxSignature, WeightsThatOldFilesListAsInputsAreNotInputs) {
  const std::string weight = message(11, value("w", 1, dimension(8)));
  const std::string initializer = message(5, message(8, "w"));
  EXPECT_TRUE(read_onnx_signature(graph(weight + kIn + kOut + initializer)).ok());
  EXPECT_FALSE(read_onnx_signature(graph(weight + kIn + kOut)).ok());
}

TEST(OnnxSignature, SaysWhatCannotBeServed) {
  const std::string integers = message(11, value("x", 7, dimension(0)));
  EXPECT_THAT(read_onnx_signature(graph(integers + kOut)).error().message,
              HasSubstr("not of 32-bit floats"));
  const std::string shapeless = message(11, value("x", 1, ""));
  EXPECT_THAT(read_onnx_signature(graph(shapeless + kOut)).error().message,
              HasSubstr("does not declare the shape"));
  EXPECT_THAT(read_onnx_signature(graph(kIn + kOut + kOut)).error().message,
              HasSubstr("has 2 outputs"));
}

TEST(OnnxSignature, EveryCutAndEveryFlippedByteIsSurvived) {
  const std::string good = graph(kIn + kOut);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_onnx_signature(good.substr(0, size)).ok()) << size;
  }
  for (size_t i = 0; i < good.size(); ++i) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      static_cast<void>(read_onnx_signature(bad).ok());  // must not crash or read outside
    }
  }
}

TEST(OnnxSignature, OtherFilesAreNotModels) {
  for (const char* text : {"", "hello",
                           "\x7f"
                           "ELF",
                           "{\"json\": true}", "\x08\x07"}) {
    const auto signature = read_onnx_signature(text);
    ASSERT_FALSE(signature.ok());
    EXPECT_THAT(signature.error().message, HasSubstr("is not an ONNX model"));
  }
}

}  // namespace
}  // namespace warmgate::model
