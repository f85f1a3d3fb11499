// The /metrics document. docs/operations.md explains every family; a test compares the two.
#pragma once

#include <string>

#include "admin/snapshot.h"

namespace warmgate::admin {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string render_metrics(const Snapshot& snapshot);

}  // namespace warmgate::admin
