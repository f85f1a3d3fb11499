// For tests: an engine without a model, and a gate that holds its inferences.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "model/engine.h"

namespace warmgate::model {

// Holds whoever passes while it is closed. Thread-safe.
class Gate {
 public:
  void close() {
    std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    {
      std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void await_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int arrived_ = 0;
};

// [-1,3] -> [-1,1]: the sum of each row.
class FakeEngine : public InferenceEngine {
 public:
  explicit FakeEngine(Gate* gate = nullptr, bool works = true) : gate_(gate), works_(works) {
    signature_.input = {"rows", {-1, 3}};
    signature_.output = {"sums", {-1, 1}};
  }

  const Signature& signature() const override { return signature_; }

  Result<Tensor> run(const Tensor& input) override {
    if (gate_) gate_->pass();
    if (!works_) return Error{"the fake engine does not work"};
    Tensor output{{input.shape.front(), 1}, {}};
    for (size_t i = 0; i + 2 < input.data.size(); i += 3) {
      output.data.push_back(input.data[i] + input.data[i + 1] + input.data[i + 2]);
    }
    return output;
  }

 private:
  Gate* gate_;
  bool works_;
  Signature signature_;
};

inline std::vector<std::unique_ptr<InferenceEngine>> fake_engines(size_t count,
                                                                  Gate* gate = nullptr,
                                                                  bool works = true) {
  std::vector<std::unique_ptr<InferenceEngine>> engines;
  for (size_t i = 0; i < count; ++i) engines.push_back(std::make_unique<FakeEngine>(gate, works));
  return engines;
}

}  // namespace warmgate::model
