#include "config/report.h"

#include <utility>

namespace warmgate::config {

void Report::error(Mark mark, std::string_view key, std::string message) {
  if (errors_.size() == kMaxErrors) {
    ++left_out_;
    return;
  }
  errors_.push_back({mark, std::string(key), std::move(message)});
}

void Report::error_at(std::string_view key, std::string message) {
  error(find(key), key, std::move(message));
}

void Report::hint_at(std::string_view key, std::string message) {
  if (hints_.size() < kMaxErrors) {
    hints_.push_back({find(key), std::string(key), std::move(message)});
  }
}

void Report::remember(std::string_view key, Mark mark) {
  marks_.insert_or_assign(std::string(key), mark);
}

Mark Report::find(std::string_view key) const {
  while (true) {
    auto found = marks_.find(key);
    if (found != marks_.end()) return found->second;
    size_t end = key.find_last_of(".[");
    if (end == std::string_view::npos) return {};
    key = key.substr(0, end);
  }
}

std::string to_text(const Problem& problem, std::string_view file) {
  std::string out;
  if (problem.mark.flag != nullptr) return std::string(problem.mark.flag) + ": " + problem.message;
  if (!file.empty()) {
    out = file;
    if (problem.mark.line != 0) {
      out += ":" + std::to_string(problem.mark.line) + ":" + std::to_string(problem.mark.column);
    }
    out += ": ";
  }
  if (!problem.key.empty()) out += problem.key + ": ";
  return out + problem.message;
}

std::string quote(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string out = "`";
  for (char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  // Do not end within a UTF-8 sequence.
  if (text.size() > kLongest) {
    while ((static_cast<unsigned char>(out.back()) & 0x80) != 0) out.pop_back();
    out += "...";
  }
  return out + "`";
}

}  // namespace warmgate::config
