#include "serverless/line_splitter.h"

#include <algorithm>

namespace warmgate::serverless {

void LineSplitter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const size_t length = std::min(end, bytes.size());
    const size_t taken = std::min(length, kMaxLine - partial_.size());
    partial_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (taken == length && end != std::string_view::npos) {
      bytes.remove_prefix(1);
      if (partial_.ends_with('\r')) partial_.pop_back();
    } else if (partial_.size() < kMaxLine) {
      return;
    }
    sink_(partial_);
    partial_.clear();
  }
}

void LineSplitter::finish() {
  if (!partial_.empty()) sink_(partial_);
  partial_.clear();
}

}  // namespace warmgate::serverless
