// InferenceEngine: the seam between the server and the library that computes. OpenCvEngine is the
// first; another one (ONNX Runtime) needs only these two functions.
//
// Thread.   Not thread-safe, and no engine is shared: each worker owns one.
#pragma once

#include "base/result.h"
#include "model/tensor.h"

namespace warmgate::model {

// What the model file declares, with one input and one output.
struct Signature {
  TensorSpec input;
  TensorSpec output;
  int64_t version = 1;
};

class InferenceEngine {
 public:
  virtual ~InferenceEngine() = default;

  virtual const Signature& signature() const = 0;

  // Computes the output for a whole batch, on the calling thread alone. `input` fits the signature;
  // an error is the engine's fault, not the caller's.
  virtual Result<Tensor> run(const Tensor& input) = 0;
};

}  // namespace warmgate::model
