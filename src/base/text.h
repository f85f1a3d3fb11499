// Small helpers for text that people type and read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warmgate {

// ASCII only: what HTTP field names and our keys are made of.
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);  // spaces and tabs at both ends

// A whole decimal number without sign; nullopt when anything else stands there or it overflows.
std::optional<uint64_t> parse_uint(std::string_view text);

// The candidate with the least Damerau-Levenshtein distance to `word`, for "did you mean"; empty
// when none is near (more than a third of the letters differ).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace warmgate
