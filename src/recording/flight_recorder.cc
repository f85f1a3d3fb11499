#include "recording/flight_recorder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "policy/checkpoint.h"

namespace warmgate::recording {
namespace {

// The last word is filled up with zeros.
void append_bytes(std::vector<uint64_t>& words, const std::string& bytes) {
  const size_t before = words.size();
  words.resize(before + (bytes.size() + 7) / 8, 0);
  if (!bytes.empty()) std::memcpy(words.data() + before, bytes.data(), bytes.size());
}

}  // namespace

using policy::WarmgateDispatcher;

FlightRecorder::FlightRecorder(const policy::ServiceSettings& settings, uint64_t seed, size_t bytes,
                               const Origin& origin)
    : last_(origin.wall_at),
      policy_(settings, seed),
      segment_bytes_(std::max(bytes, kLeastBytes) / 2) {
  const std::string service = origin.service.substr(0, kMostText);
  const std::string version = WARMGATE_VERSION;
  head_.settings_layout = policy::layout<policy::ServiceSettings>();
  head_.state_layout = WarmgateDispatcher::state_layout();
  head_.seed = seed;
  head_.wall_s = origin.wall_s;
  head_.wall_at_ns = static_cast<uint64_t>(origin.wall_at.time_since_epoch().count());
  head_.service_bytes = service.size();
  head_.version_bytes = version.size();
  append_bytes(names_, service);
  append_bytes(names_, version);
  open(false);
}

// On the path of every request: no record asks for room.
void FlightRecorder::step(Instant now, const policy::Event& event, policy::Actions& out) {
  if (at_ >= full_) [[unlikely]]
    begin_segment();
  RecordWriter events(at_);
  events.event(last_, now, event);
  at_ = events.at();
  last_ = now;
  ++steps_;
  in_step_ = true;
  const size_t before = out.size();
  policy_.step(now, event, out);
  in_step_ = false;
  const policy::Action* const first = out.data() + before;
  const policy::Action* const last = out.data() + out.size();
  if (last - first > static_cast<std::ptrdiff_t>(kSlackActions)) [[unlikely]] {
    make_room(static_cast<size_t>(last - first) * kMostWords);
  }
  RecordWriter actions(at_);
  actions.actions(first, last);
  at_ = actions.at();
}

void FlightRecorder::begin_segment() {
  young_.used = static_cast<size_t>(at_ - young_.records.get());
  std::swap(young_, old_);
  open(true);
}

void FlightRecorder::open(bool with_checkpoint) {
  std::string checkpoint;
  if (with_checkpoint) policy_.save(checkpoint);
  const std::string settings = settings_bytes(policy_.settings());
  young_.state.clear();
  append_bytes(young_.state, checkpoint);
  append_bytes(young_.state, settings);
  young_.used = 0;
  young_.head = {};
  young_.head.first_step = steps_ + 1;
  young_.head.start_ns = static_cast<uint64_t>(last_.time_since_epoch().count());
  young_.head.checkpoint_bytes = checkpoint.size();
  young_.head.settings_bytes = settings.size();
  const size_t state_bytes = young_.state.size() * sizeof(uint64_t);
  const size_t left = segment_bytes_ - std::min(state_bytes, segment_bytes_);
  const size_t most = std::max(left, segment_bytes_ / 2) / sizeof(uint64_t);
  if (young_.records == nullptr) {
    young_.room = segment_bytes_ / sizeof(uint64_t) + kSlackWords;
    young_.records = std::make_unique_for_overwrite<uint64_t[]>(young_.room);
  }
  at_ = young_.records.get();
  full_ = at_ + most;
}

// For a step of very many actions; the segment ends with it.
void FlightRecorder::make_room(size_t words) {
  const auto used = static_cast<size_t>(at_ - young_.records.get());
  if (young_.room - used < words) {
    young_.room = used + words;
    Words larger = std::make_unique_for_overwrite<uint64_t[]>(young_.room);
    std::copy_n(young_.records.get(), used, larger.get());
    young_.records = std::move(larger);
  }
  at_ = young_.records.get() + used;
  full_ = at_;
}

std::string FlightRecorder::file(Cause cause) const {
  std::string bytes;
  write(cause,
        [&](const void* data, size_t size) { bytes.append(static_cast<const char*>(data), size); });
  return bytes;
}

}  // namespace warmgate::recording
