#include "load/answer_check.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace warmgate::load {
namespace {

using Json = nlohmann::json;

// The numbers of the first output; empty when there are none, or when something else is among them.
std::vector<double> first_output(std::string_view answer) {
  static const Json::json_pointer kData("/outputs/0/data");
  const Json document = Json::parse(answer, nullptr, false);
  if (!document.is_object() || !document.contains(kData)) return {};
  const Json& data = document[kData];
  if (!data.is_array()) return {};
  std::vector<double> numbers;
  numbers.reserve(data.size());
  for (const Json& value : data) {
    if (!value.is_number()) return {};
    numbers.push_back(value.get<double>());
  }
  return numbers;
}

}  // namespace

std::optional<std::vector<int64_t>> classes_of(std::string_view answer, size_t rows) {
  const std::vector<double> numbers = first_output(answer);
  if (rows == 0 || numbers.empty() || numbers.size() % rows != 0) return std::nullopt;
  const auto width = static_cast<std::ptrdiff_t>(numbers.size() / rows);
  std::vector<int64_t> classes;
  for (auto row = numbers.begin(); row != numbers.end(); row += width) {
    classes.push_back(width == 1 ? std::llround(*row) : std::max_element(row, row + width) - row);
  }
  return classes;
}

AnswerCheck check_answer(std::string_view answer, const Payload& payload) {
  AnswerCheck check;
  if (payload.expected().empty()) return check;
  check.checked = true;
  const auto classes = classes_of(answer, payload.expected().size());
  check.right = classes == payload.expected();
  check.rows = static_cast<uint32_t>(payload.labels.size());
  for (size_t i = 0; classes && i < payload.labels.size(); ++i) {
    check.rows_true += (*classes)[i] == payload.labels[i];
  }
  return check;
}

}  // namespace warmgate::load
