#include "recording/replay.h"

#include <algorithm>

#include "policy/warmgate_dispatcher.h"
#include "recording/records.h"

namespace warmgate::recording {
namespace {

using policy::WarmgateDispatcher;

Error other_version(const Recording& recording) {
  return Error{"the recording is of warmgate " + recording.version +
               ", whose policy keeps other things in its state than this program's: replay it "
               "with that version, or simulate it with --config or --policy"};
}

class Replay {
 public:
  Replay(const Recording& recording, const ReplayOptions& options, Replayed& result)
      : recording_(recording), options_(options), result_(result) {}

  Status run() {
    for (const Segment& segment : recording_.segments) {
      if (const Status begun = begin(segment); !begun) return begun;
      RecordReader reader = recording_.reader(segment);
      while (const auto step = reader.next()) {
        if (!step->settings_known) return other_version(recording_);
        if (!same(*step)) return success();
      }
    }
    return success();
  }

 private:
  // Each segment begins with its own checkpoint; that the one before ends in it is a proof more.
  Status begin(const Segment& segment) {
    if (!segment.settings) return other_version(recording_);
    const policy::ServiceSettings settings = options_.settings.value_or(*segment.settings);
    if (segment.checkpoint.empty()) {
      policy_ = std::make_unique<WarmgateDispatcher>(settings, recording_.seed);
      return success();
    }
    if (!recording_.same_state_layout) return other_version(recording_);
    if (policy_ != nullptr && !options_.settings) {
      std::string state;
      policy_->save(state);
      result_.same_state = result_.same_state && state == segment.checkpoint;
    }
    policy_ = std::make_unique<WarmgateDispatcher>(settings, recording_.seed);
    if (!policy_->load(segment.checkpoint)) {
      return Error{"the checkpoint before step " + std::to_string(segment.first_step) +
                   " is no state of the policy; take the recording again"};
    }
    if (options_.settings) {
      policy::Actions ignored;
      policy_->step(segment.start, policy::SettingsChanged{settings}, ignored);
    }
    return success();
  }

  bool same(const Step& step) {
    if (options_.before_step) options_.before_step(step);
    policy::Actions actions;
    policy_->step(step.now, step.event, actions);
    if (recording_.unfinished && step.number + 1 == first_step() + recording_.steps) return true;
    if (words_.size() < actions.size() * kMostWords) words_.resize(actions.size() * kMostWords);
    RecordWriter writer(words_.data());
    writer.actions(actions.data(), actions.data() + actions.size());
    const std::span<const uint64_t> written(words_.data(), writer.at());
    if (!std::ranges::equal(written, step.action_words)) {
      result_.divergence.emplace(step, std::move(actions));
      return false;
    }
    ++result_.steps;
    result_.actions += actions.size();
    return true;
  }

  uint64_t first_step() const { return recording_.segments.front().first_step; }

  const Recording& recording_;
  const ReplayOptions& options_;
  std::unique_ptr<WarmgateDispatcher> policy_;
  std::vector<uint64_t> words_;
  Replayed& result_;
};

}  // namespace

Result<Replayed> replay(const Recording& recording, const ReplayOptions& options) {
  Replayed result;
  if (const Status done = Replay(recording, options, result).run(); !done) return done.error();
  return result;
}

}  // namespace warmgate::recording
