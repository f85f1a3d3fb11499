#include "model/opencv_engine.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-enum-enum-conversion"  // in OpenCV 4.6 under C++20
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#pragma GCC diagnostic pop

#include "model/onnx_signature.h"

namespace warmgate::model {
namespace {

// OpenCV writes to stderr about errors that we report ourselves, and by default it would spread one
// inference over all cores: the workers are our parallelism.
void configure_opencv_once() {
  static std::once_flag done;
  std::call_once(done, [] {
    cv::setNumThreads(1);
    cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  });
}

class OpenCvEngine : public InferenceEngine {
 public:
  OpenCvEngine(Signature signature, cv::dnn::Net net)
      : signature_(std::move(signature)), net_(std::move(net)) {
    net_.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net_.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
  }

  const Signature& signature() const override { return signature_; }

  Result<Tensor> run(const Tensor& input) override {
    try {
      const std::vector<int> sizes(input.shape.begin(), input.shape.end());
      // A view of our floats: OpenCV has no const one, and setInput() copies.
      const cv::Mat blob(sizes, CV_32F, const_cast<float*>(input.data.data()));
      net_.setInput(blob, signature_.input.name);
      return to_tensor(net_.forward());
    } catch (const cv::Exception& failure) {
      return Error{"OpenCV failed to compute the model: " + failure.err};
    }
  }

 private:
  static Result<Tensor> to_tensor(const cv::Mat& result) {
    if (result.depth() != CV_32F || !result.isContinuous() || result.empty()) {
      return Error{"OpenCV computed an output that is not an array of 32-bit floats."};
    }
    Tensor output;
    output.shape.assign(result.size.p, result.size.p + result.dims);
    const auto* first = result.ptr<float>();
    output.data.assign(first, first + result.total());
    return output;
  }

  Signature signature_;
  cv::dnn::Net net_;
};

}  // namespace

Result<std::unique_ptr<InferenceEngine>> load_opencv_engine(std::string_view onnx) {
  configure_opencv_once();
  Result<Signature> signature = read_onnx_signature(onnx);
  if (!signature) return signature.error();
  try {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(onnx.data(), onnx.size());
    if (!net.empty()) {
      return std::unique_ptr<InferenceEngine>(
          std::make_unique<OpenCvEngine>(std::move(*signature), std::move(net)));
    }
    return Error{"is an ONNX model in which OpenCV finds no layers: check the export"};
  } catch (const cv::Exception& failure) {
    return Error{"is an ONNX model that OpenCV cannot load (" + failure.err +
                 "): export it with an older opset or simpler operators"};
  }
}

}  // namespace warmgate::model
