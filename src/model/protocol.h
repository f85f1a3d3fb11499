// The Open Inference Protocol (KServe v2) over REST, as pure functions: text in, values out, and
// back. One input tensor, one output tensor, 32-bit floats in JSON.
//
// Source.   https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/engine.h"
#include "model/tensor.h"

namespace warmgate::model {

// Bounds on what one request may ask of us. The memory of a parsed request grows with max_batch
// times the model's input, not with its body.
struct Limits {
  size_t max_body_bytes = 32u << 20;  // Cloud Run's own limit over HTTP/1
  int64_t max_batch = 1024;           // items in the first dimension
  size_t max_id_bytes = 256;
  int max_json_depth = 16;
};

struct InferRequest {
  std::string id;  // empty when the request had none
  Tensor input;
};

// A request that is its sender's fault.
struct Refusal {
  int status = 400;     // 400 or 413
  std::string message;  // says what was expected
};

// Checks everything that the signature and the limits allow to check: a Tensor that comes out can
// be given to the engine. `parameters` and unknown keys are tolerated, as the protocol says.
std::variant<InferRequest, Refusal> parse_infer_request(std::string_view body,
                                                        const Signature& signature,
                                                        const Limits& limits);

// How a model presents itself in its answers.
struct ModelIdentity {
  std::string name;
  Signature signature;

  std::string version() const { return std::to_string(signature.version); }
};

// Documents (JSON) of the protocol.
std::string render_infer_response(const ModelIdentity& model, std::string_view id,
                                  const Tensor& output);
std::string render_model_metadata(const ModelIdentity& model);
std::string render_model_ready(const ModelIdentity& model);
std::string render_server_metadata(std::string_view server_version);
std::string render_error(std::string_view message);

// For messages: [-1,1,8,8].
std::string format_shape(const std::vector<int64_t>& shape);

}  // namespace warmgate::model
