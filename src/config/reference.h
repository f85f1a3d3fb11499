// What the table of keys says, for tools and for people.
#pragma once

#include <string>

#include "config/config.h"
#include "config/loader.h"

namespace warmgate::config {

// schema/warmgate.schema.json (JSON Schema, draft 7).
std::string json_schema();

// The generated part of docs/configuration.md.
std::string reference_markdown();

// Every key with its value, as YAML that loads again. Defaults are marked.
std::string resolved_yaml(const Config& config);

// {"valid", "errors": [{"file", "line", "column", "key", "message"}], "hints": [...], "config"};
// the last only when valid.
std::string loaded_json(const Loaded& loaded);

}  // namespace warmgate::config
