// The report of a load run: a table for people, JSON for programs.
#pragma once

#include <cstdint>
#include <string>

#include "load/tally.h"

namespace warmgate::load {

struct RunFacts {
  std::string target;  // the URL
  Duration elapsed{};
  uint64_t connections_opened = 0, connections_reused = 0;
  uint64_t bad_trace_rows = 0;
  bool interrupted = false;
};

std::string report_table(const Tally& tally, const RunFacts& facts);
std::string report_json(const Tally& tally, const RunFacts& facts);  // one document, indented

}  // namespace warmgate::load
