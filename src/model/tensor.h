// Tensors as warmgate-model knows them: 32-bit floats in row-major order, the batch in the first
// dimension.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warmgate::model {

// The only element type that is served, in the protocol's spelling.
inline constexpr std::string_view kDatatype = "FP32";

// What a model declares about its input or output.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;  // -1 where any size is allowed; never empty
};

struct Tensor {
  std::vector<int64_t> shape;  // all positive
  std::vector<float> data;     // as many elements as the shape says
};

}  // namespace warmgate::model
