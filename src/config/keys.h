// The table of all keys of the configuration: the only place where their names, types, ranges and
// meanings stand. Defaults stand in config.h and policy/settings.h.
#pragma once

#include "config/codec.h"
#include "config/config.h"

namespace warmgate::config {

// Reads a Config, prints it, and describes it (JSON Schema, reference). Built once.
const Codec<Config>& config_codec();

}  // namespace warmgate::config
