// YAML text -> Node.
//
// Bounds.  A document may be kMaxBytes long, kMaxDepth deep and hold kMaxNodes values; an alias
//          counts as all that it stands for, so that a few lines cannot mean millions of values.
// Strict.  One document; keys are plain texts and occur once; no "<<" merge.
#pragma once

#include <optional>
#include <string_view>

#include "config/node.h"
#include "config/report.h"

namespace warmgate::config {

inline constexpr size_t kMaxBytes = 1u << 20;
inline constexpr size_t kMaxDepth = 32;
inline constexpr size_t kMaxNodes = 20'000;

// nullopt when the text is no YAML that we take; the report says why.
std::optional<Node> parse_yaml(std::string_view text, Report& report);

}  // namespace warmgate::config
