#include "model/infer_job.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>

namespace warmgate::model {
namespace {

bool all_finite(const Tensor& tensor) {
  return std::all_of(tensor.data.begin(), tensor.data.end(),
                     [](float value) { return std::isfinite(value); });
}

}  // namespace

InferResult run_infer(std::string_view body, InferenceEngine& engine, const ModelIdentity& model,
                      const Limits& limits) {
  auto parsed = parse_infer_request(body, model.signature, limits);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    return {Outcome::invalid, refusal->status, render_error(refusal->message), {}};
  }
  const InferRequest& request = std::get<InferRequest>(parsed);
  const auto begin = std::chrono::steady_clock::now();
  const Result<Tensor> output = engine.run(request.input);
  const Duration computed = std::chrono::steady_clock::now() - begin;
  if (!output) {
    return {Outcome::failed, 500, render_error(output.error().message), computed};
  }
  if (!all_finite(*output)) {
    constexpr std::string_view kMessage =
        "The model's output is not finite, so JSON cannot carry it: check the input's range.";
    return {Outcome::failed, 500, render_error(kMessage), computed};
  }
  return {Outcome::ok, 200, render_infer_response(model, request.id, *output), computed};
}

Status prove_engine(InferenceEngine& engine) {
  Tensor input{engine.signature().input.shape, {}};
  for (int64_t& size : input.shape) size = std::max<int64_t>(size, 1);  // the free ones
  const int64_t elements =
      std::accumulate(input.shape.begin(), input.shape.end(), int64_t{1}, std::multiplies<>());
  input.data.assign(static_cast<size_t>(elements), 0.0f);
  const Result<Tensor> output = engine.run(input);
  if (!output) return output.error();
  return success();
}

}  // namespace warmgate::model
