// Node -> text.
#pragma once

#include <string>

#include "config/node.h"

namespace warmgate::config {

// Indented JSON with a final newline.
std::string to_json(const Node& node);

// Block YAML. `mark_defaults` puts "# default" behind each value that equals its default.
std::string to_yaml(const Node& node, bool mark_defaults);

// YAML on one line: [a, b], {a: 1}.
std::string to_flow_yaml(const Node& node);

}  // namespace warmgate::config
