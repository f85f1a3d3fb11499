// LineSplitter turns bytes that arrive piece by piece into lines.
//
// Bounds.  A line longer than kMaxLine is handed on in parts of that length.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace warmgate::serverless {

class LineSplitter {
 public:
  static constexpr size_t kMaxLine = 4096;
  using Sink = std::function<void(std::string_view line)>;  // without its line end

  explicit LineSplitter(Sink sink) : sink_(std::move(sink)) {}

  void feed(std::string_view bytes);
  void finish();  // hands on a last line without an end

 private:
  Sink sink_;
  std::string partial_;  // shorter than kMaxLine
};

}  // namespace warmgate::serverless
