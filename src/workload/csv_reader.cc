#include "workload/csv_reader.h"

#include <charconv>

#include "base/text.h"

namespace warmgate::workload {
namespace {

constexpr uint64_t kMaxCount = 1'000'000'000;
constexpr double kMaxServiceSeconds = 86'400;

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

std::optional<double> parse_seconds(std::string_view text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error unknown_column(std::string_view header, const std::string& name) {
  std::vector<std::string_view> names;
  for (size_t i = 0; const auto cell = column(header, i); ++i) names.push_back(*cell);
  std::string message = "the trace has no column \"" + name + "\"";
  if (const auto near = nearest(name, names); !near.empty()) {
    return Error{message + ": did you mean \"" + std::string(near) + "\"?"};
  }
  return Error{message + "; its first line is " + quoted(header)};
}

}  // namespace

Result<CsvReader> CsvReader::open(std::istream& in, const CsvOptions& options) {
  CsvReader reader(in);
  if (!reader.lines_.next()) {
    return Error{
        "the trace is empty: its first line names the columns (t_s, or t_s,count), then "
        "one row follows for each request or bin"};
  }
  if (auto status = reader.read_header(options); !status) return status.error();
  return reader;
}

Status CsvReader::read_header(const CsvOptions& options) {
  const std::string& header = lines_.line();
  const auto time = find_column(header, "t_s");
  if (!time) {
    line_pending_ = parse_seconds(*column(header, 0)).has_value();
    if (line_pending_ && !options.service) return success();
    if (line_pending_) {
      return Error{
          "the trace does not name its columns, so none can be mapped: let its first line "
          "name them, t_s for the seconds"};
    }
    return Error{"the first line of the trace is " + quoted(header) +
                 ", and no column of it is named t_s: name the column of the seconds t_s, and the "
                 "one of the requests in a bin, if any, count"};
  }
  columns_.time = *time;
  columns_.count = find_column(header, "count");
  if (options.only_times) return success();
  columns_.bytes = find_column(header, "bytes");
  columns_.priority = find_column(header, "priority");
  columns_.heavy = find_column(header, "heavy");
  return find_service(options);
}

Status CsvReader::find_service(const CsvOptions& options) {
  const auto own = find_column(lines_.line(), "service_s");
  if (!options.service) {
    if (own) columns_.service.emplace_back(*own, 1.0);
    return success();
  }
  for (const auto& term : options.service->terms) {
    const auto found = find_column(lines_.line(), term.column);
    if (!found) return unknown_column(lines_.line(), term.column);
    columns_.service.emplace_back(*found, term.scale);
  }
  columns_.service_constant = options.service->constant;
  return success();
}

std::optional<CsvRow> CsvReader::next() {
  while (line_pending_ || lines_.next()) {
    line_pending_ = false;
    if (trim(lines_.line()).empty()) continue;
    if (auto row = parse_row()) return row;
  }
  return std::nullopt;
}

std::optional<CsvRow> CsvReader::parse_row() {
  const auto report_bad = [this](const std::string& problem) {
    bad_rows_.add(lines_.number(), problem);
    return std::nullopt;
  };
  if (lines_.cut()) return report_bad("the line is longer than 64 KiB");
  const auto time_text = column(lines_.line(), columns_.time);
  if (!time_text) return report_bad("there is no column t_s");
  const auto time = parse_seconds(*time_text);
  // Beyond that, a double has no milliseconds. Written so that it is false for "nan" too.
  const bool usable = time && *time >= 0 && *time <= 1e12;
  if (!usable) return report_bad("t_s is " + quoted(*time_text) + ", not a number of seconds");

  CsvRow row{.at = *time, .line = lines_.number()};
  std::string problem = parse_count(row);
  if (problem.empty()) problem = parse_service(row);
  if (problem.empty()) problem = parse_marks(row);
  if (!problem.empty()) return report_bad(problem);
  return row;
}

// These give what is wrong, or nothing.

std::string CsvReader::parse_count(CsvRow& row) const {
  if (!columns_.count) return "";
  const auto text = column(lines_.line(), *columns_.count);
  if (!text) return "there is no column count";
  const auto count = parse_uint(*text);
  if (!count || *count > kMaxCount) {
    return "count is " + quoted(*text) + ", not a number of requests";
  }
  row.count = *count;
  return "";
}

std::string CsvReader::parse_service(CsvRow& row) const {
  if (columns_.service.empty()) return "";
  double sum = columns_.service_constant;
  for (const auto& [index, scale] : columns_.service) {
    const auto text = column(lines_.line(), index);
    const auto value = text ? parse_seconds(*text) : std::nullopt;
    if (!value) return "the service time is " + quoted(text.value_or("")) + ", not a number";
    sum += *value * scale;
  }
  const bool usable = sum >= 0 && sum <= kMaxServiceSeconds;
  if (!usable) return "the service time is not between 0 s and a day";
  row.service_s = sum;
  return "";
}

std::string CsvReader::parse_marks(CsvRow& row) const {
  const auto cell = [this](const std::optional<size_t>& index) {
    return index ? column(lines_.line(), *index) : std::nullopt;
  };
  if (const auto text = cell(columns_.bytes)) {
    const auto bytes = parse_uint(*text);
    if (!bytes || *bytes > UINT32_MAX) return "bytes is " + quoted(*text) + ", not a size";
    row.bytes = static_cast<uint32_t>(*bytes);
  }
  if (const auto text = cell(columns_.priority)) {
    if (*text != "low" && *text != "high")
      return "priority is " + quoted(*text) + ", not low, high";
    row.low_priority = *text == "low";
  }
  if (const auto text = cell(columns_.heavy)) {
    if (*text != "0" && *text != "1") return "heavy is " + quoted(*text) + ", not 0 or 1";
    row.heavy = *text == "1";
  }
  return "";
}

}  // namespace warmgate::workload
