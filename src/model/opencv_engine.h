// OpenCvEngine: ONNX inference by OpenCV's DNN module, on the calling thread alone.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "model/engine.h"

namespace warmgate::model {

// Loads a serialised ONNX model. `onnx` is not kept. The error is the second half of a sentence
// that begins with the file's name. Sets OpenCV to one thread for the whole process.
Result<std::unique_ptr<InferenceEngine>> load_opencv_engine(std::string_view onnx);

}  // namespace warmgate::model
