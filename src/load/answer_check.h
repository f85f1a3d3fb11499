// Is an answer what it should be? For the Open Inference Protocol over REST.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "load/payloads.h"

namespace warmgate::load {

struct AnswerCheck {
  bool checked = false;    // the payload says what to expect
  bool right = true;       // every row is as expected; false also when the answer cannot be read
  uint32_t rows = 0;       // with labels: rows compared with the truth ...
  uint32_t rows_true = 0;  // ... and those that agree
};

// The class of each of `rows` rows of the first output: the value itself when it has one number a
// row, otherwise the place of the row's largest. nullopt when the answer is not of that kind.
std::optional<std::vector<int64_t>> classes_of(std::string_view answer, size_t rows);

AnswerCheck check_answer(std::string_view answer, const Payload& payload);

}  // namespace warmgate::load
