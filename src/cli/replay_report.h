// What `warmgate replay` says: text for people, and the same as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "recording/history.h"
#include "recording/replay.h"
#include "replay/what_if.h"

namespace warmgate::cli {

struct ReplayReport {
  const recording::Recording& recording;
  const recording::History& history;
  std::optional<recording::Replayed> replayed = std::nullopt;
  std::string not_replayed{};  // why, when it was asked for and could not be done
  std::optional<replay::WhatIf> what_if = std::nullopt;
  std::string otherwise{};  // what the second column is: a policy, a configuration
};

std::string replay_text(const ReplayReport& report);
nlohmann::ordered_json replay_json(const ReplayReport& report);

}  // namespace warmgate::cli
