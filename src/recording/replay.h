// Replay: a recording through a policy again, with each step's actions compared.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "policy/events.h"
#include "recording/recording.h"

namespace warmgate::recording {

struct Divergence {
  Divergence(const Step& recorded, policy::Actions instead)
      : step(recorded), replayed(std::move(instead)) {}
  Step step;                 // as recorded; its spans live as long as the recording
  policy::Actions replayed;  // what the policy did instead
};

struct Replayed {
  uint64_t steps = 0;    // compared and equal
  uint64_t actions = 0;  // of those
  std::optional<Divergence> divergence;
  // Where a second segment begins: did the replayed first one end in exactly its state?
  bool same_state = true;
};

struct ReplayOptions {
  // In force from each segment's beginning on, instead of the recorded ones.
  std::optional<policy::ServiceSettings> settings;
  std::function<void(const Step&)> before_step;
};

// Replays up to the first difference. An unfinished recording's last step has no actions to compare
// and is stepped all the same: what broke then should break now.
// Error: the policy's state has another layout in this program, or a checkpoint is none.
Result<Replayed> replay(const Recording& recording, const ReplayOptions& options = {});

}  // namespace warmgate::recording
