#include "workload/line_reader.h"

namespace warmgate::workload {

bool LineReader::next() {
  line_.clear();
  cut_ = false;
  std::streambuf* buffer = in_->rdbuf();
  constexpr int kEnd = std::char_traits<char>::eof();
  int c = buffer->sbumpc();
  if (c == kEnd) return false;
  ++number_;
  for (; c != '\n' && c != kEnd; c = buffer->sbumpc()) {
    cut_ = line_.size() == kMaxLine;
    if (!cut_) line_.push_back(static_cast<char>(c));
  }
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (number_ == 1 && line_.starts_with("\xef\xbb\xbf")) line_.erase(0, 3);
  return true;
}

}  // namespace warmgate::workload
