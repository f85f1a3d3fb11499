// The /status document: JSON whose keys end in their unit (_s seconds, _bytes). What is not known
// is null. docs/operations.md explains it.
#pragma once

#include <string>

#include "admin/snapshot.h"

namespace warmgate::admin {

std::string render_status(const Snapshot& snapshot);

}  // namespace warmgate::admin
