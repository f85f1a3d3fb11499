#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warmgate::workload {

// BadRows counts the rows of a file that cannot be used, and keeps the first few with their lines.
//
// Bounds.  kMaxKept sentences.
class BadRows {
 public:
  static constexpr size_t kMaxKept = 5;

  void add(uint64_t line, const std::string& problem) {
    ++count_;
    if (kept_.size() < kMaxKept) {
      kept_.push_back("line " + std::to_string(line) + ": " + problem);
    }
  }

  uint64_t count() const { return count_; }
  const std::vector<std::string>& first() const { return kept_; }  // "line 7: ..."

 private:
  uint64_t count_ = 0;
  std::vector<std::string> kept_;
};

// A cell or a line as a problem quotes it: in quotation marks, cut after 40 characters.
inline std::string quoted(std::string_view text) {
  constexpr size_t kShown = 40;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...\"" : "\"");
}

}  // namespace warmgate::workload
