#include "load/trace_reader.h"

#include <charconv>

#include "base/text.h"

namespace warmgate::load {
namespace {

constexpr uint64_t kMaxCount = 1'000'000'000;

// The column with that index, without white space and quotes; nullopt when the line has too few.
std::optional<std::string_view> column(std::string_view line, size_t index) {
  for (; index > 0; --index) {
    const size_t comma = line.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    line.remove_prefix(comma + 1);
  }
  std::string_view cell = trim(line.substr(0, line.find(',')));
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = cell.substr(1, cell.size() - 2);
  }
  return cell;
}

std::optional<size_t> find_column(std::string_view header, std::string_view name) {
  for (size_t i = 0;; ++i) {
    const auto cell = column(header, i);
    if (!cell) return std::nullopt;
    if (*cell == name) return i;
  }
}

std::optional<double> parse_time(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shortened(std::string_view text) {
  constexpr size_t kShown = 40;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...\"" : "\"");
}

}  // namespace

Result<TraceReader> TraceReader::open(std::istream& in) {
  TraceReader reader(in);
  if (!reader.read_line()) {
    return Error{
        "the trace is empty: its first line names the columns (t_s, or t_s,count), then "
        "one row follows for each request or bin"};
  }
  if (!reader.read_header()) {
    return Error{"the first line of the trace is " + shortened(reader.line_) +
                 ", and no column of it is named t_s: name the column of the seconds t_s, and the "
                 "one of the requests in a bin, if any, count"};
  }
  return reader;
}

bool TraceReader::read_header() {
  if (const auto time = find_column(line_, "t_s")) {
    time_column_ = *time;
    count_column_ = find_column(line_, "count");
    return true;
  }
  line_pending_ = parse_time(*column(line_, 0)).has_value();
  return line_pending_;
}

// False at the end of the file. Does not allocate for a file without ends of lines.
bool TraceReader::read_line() {
  line_.clear();
  line_cut_ = false;
  std::streambuf* buffer = in_->rdbuf();
  int c = buffer->sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  ++line_number_;
  for (; c != '\n' && c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
    line_cut_ = line_.size() == kMaxLine;
    if (!line_cut_) line_.push_back(static_cast<char>(c));
  }
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (line_number_ == 1 && line_.starts_with("\xef\xbb\xbf")) line_.erase(0, 3);
  return true;
}

std::optional<TraceRow> TraceReader::next() {
  while (line_pending_ || read_line()) {
    line_pending_ = false;
    if (trim(line_).empty()) continue;
    if (auto row = parse_row()) return row;
  }
  return std::nullopt;
}

std::optional<TraceRow> TraceReader::parse_row() {
  const auto report_bad = [this](const std::string& problem) {
    report(problem);
    return std::nullopt;
  };
  if (line_cut_) return report_bad("the line is longer than 64 KiB");
  const auto time_text = column(line_, time_column_);
  if (!time_text) return report_bad("there is no column t_s");
  const auto time = parse_time(*time_text);
  // Beyond that, a double has no milliseconds. Written so that it is false for "nan" too.
  const bool usable = time && *time >= 0 && *time <= 1e12;
  if (!usable) return report_bad("t_s is " + shortened(*time_text) + ", not a number of seconds");

  TraceRow row{.at = *time, .count = 1, .line = line_number_};
  if (!count_column_) return row;
  const auto count_text = column(line_, *count_column_);
  if (!count_text) return report_bad("there is no column count");
  const auto count = parse_uint(*count_text);
  if (!count || *count > kMaxCount) {
    return report_bad("count is " + shortened(*count_text) + ", not a number of requests");
  }
  row.count = *count;
  return row;
}

void TraceReader::report(const std::string& problem) {
  ++bad_rows_;
  if (problems_.size() < kMaxProblems) {
    problems_.push_back("line " + std::to_string(line_number_) + ": " + problem);
  }
}

}  // namespace warmgate::load
