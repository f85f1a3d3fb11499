#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "policy/dispatcher.h"
#include "policy/warmgate_dispatcher.h"
#include "recording/recording.h"
#include "recording/records.h"

namespace warmgate::recording {

// What a recording says about itself beside the events.
struct Origin {
  std::string service;
  uint64_t wall_s = 0;  // seconds since 1970 at `wall_at`
  Instant wall_at{};
};

// FlightRecorder is warmgate's policy with a memory of its last events and actions, from which the
// same actions can be had again, bit for bit (docs/design/0011-flight-recorder.md).
//
// Model.    Two segments, each a checkpoint of the policy's state and the steps that followed. When
//           the younger is full, it becomes the older, and the next step begins a new one. An event
//           is written before its step, so that the one which breaks an invariant is there.
// Bounds.   `bytes` for both segments together, checkpoints included; more only for a step of more
//           than kSlackActions actions, or a state that is larger than a quarter of it. Some 110
//           bytes for a request; nothing is allocated but when a segment begins.
// Privacy.  It sees what the policy sees: numbers, times, sizes. No field, path or body.
// Thread.   As a Dispatcher: one writer. write() on the same thread only, a crashed one included.
class FlightRecorder final : public policy::Dispatcher {
 public:
  static constexpr size_t kLeastBytes = 256u << 10;

  FlightRecorder(const policy::ServiceSettings& settings, uint64_t seed, size_t bytes,
                 const Origin& origin);
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  void step(Instant now, const policy::Event& event, policy::Actions& out) override;
  void check_invariants() const override { policy_.check_invariants(); }
  policy::ServiceStatus status(Instant now) const override { return policy_.status(now); }

  uint64_t steps() const { return steps_; }
  uint64_t wall_s() const { return head_.wall_s; }

  // Gives the file piece by piece to `sink(const void*, size_t)`. Allocates nothing and takes no
  // lock: also from a process that is about to abort.
  template <class Sink>
  void write(Cause cause, Sink&& sink) const;
  std::string file(Cause cause) const;

 private:
  // Room behind `full_`, so that a step that began below it need not ask for each record.
  static constexpr size_t kSlackActions = 64;
  static constexpr size_t kSlackWords = kMostEventWords + kSlackActions * kMostWords;

  using Words = std::unique_ptr<uint64_t[]>;
  struct Segment {
    SegmentHead head;
    std::vector<uint64_t> state;  // checkpoint and settings
    Words records;
    size_t room = 0;  // words
    size_t used = 0;  // of the older one; the younger is used up to at_
  };

  void begin_segment();
  void open(bool with_checkpoint);
  void make_room(size_t words);
  template <class Sink>
  void write_segment(const Segment& segment, size_t used, Sink&& sink) const;

  uint64_t* at_ = nullptr;    // where the next record goes, in the younger segment
  uint64_t* full_ = nullptr;  // from here on the next step begins another segment
  Instant last_{};            // of the last step
  uint64_t steps_ = 0;
  bool in_step_ = false;
  policy::WarmgateDispatcher policy_;

  const size_t segment_bytes_;
  FileHead head_;
  std::vector<uint64_t> names_;
  Segment young_, old_;
};

template <class Sink>
void FlightRecorder::write(Cause cause, Sink&& sink) const {
  FileHead head = head_;
  head.cause = static_cast<uint64_t>(cause);
  head.unfinished = in_step_ ? 1 : 0;
  head.segments = old_.used > 0 ? 2 : 1;
  sink(kMagic.data(), kMagic.size());
  sink(&head, sizeof(head));
  sink(names_.data(), names_.size() * sizeof(uint64_t));
  if (old_.used > 0) write_segment(old_, old_.used, sink);
  write_segment(young_, static_cast<size_t>(at_ - young_.records.get()), sink);
}

template <class Sink>
void FlightRecorder::write_segment(const Segment& segment, size_t used, Sink&& sink) const {
  const std::span<const uint64_t> records(segment.records.get(), used);
  SegmentHead head = segment.head;
  head.words = used;
  head.digest = digest(digest(0, segment.state), records);
  sink(&head, sizeof(head));
  sink(segment.state.data(), segment.state.size() * sizeof(uint64_t));
  sink(records.data(), records.size_bytes());
}

}  // namespace warmgate::recording
