// Payloads: what is sent, and what should come back.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace warmgate::load {

struct Payload {
  std::string body;
  // A class for each row of the input. `answers` are what the served model is known to say: a
  // difference is a broken server. `labels` are the truth: agreement with them is the model's
  // accuracy. Either may be empty; without `answers`, the labels stand for them.
  std::vector<int64_t> answers;
  std::vector<int64_t> labels;

  const std::vector<int64_t>& expected() const { return answers.empty() ? labels : answers; }
};

inline constexpr size_t kMaxPayloadBytes = size_t{256} << 20;  // of all payloads together

// JSON lines: {"body": {...} or "text", "labels": [3, 1], "answers": [3, 7]}; the last two may be
// left out, other keys are ignored. Errors name the line.
Result<std::vector<Payload>> read_payloads(std::istream& in);

// The whole input as the one body.
Result<std::vector<Payload>> read_raw_body(std::istream& in);

}  // namespace warmgate::load
