// What an ONNX file declares about itself: the names and shapes of its input and output.
//
// Why read it here.   OpenCV knows neither names nor datatypes nor which dimension is free, and a
// file beside the model could contradict it after a copy. The model file itself cannot.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/engine.h"

namespace warmgate::model {

// `onnx` is a serialised ONNX ModelProto. Dimensions without a fixed size become -1. The error is
// the second half of a sentence that begins with the file's name: "is not an ONNX model ...".
Result<Signature> read_onnx_signature(std::string_view onnx);

}  // namespace warmgate::model
