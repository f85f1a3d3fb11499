// Recording: what a flight recorder has written, read from a file (docs/replay.md has the format).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "policy/settings.h"
#include "recording/record_reader.h"

namespace warmgate::recording {

inline constexpr std::string_view kMagic = "WARMGATE FLIGHT RECORDING      \n";
static_assert(kMagic.size() == 32);
inline constexpr uint64_t kFormat = 1;
inline constexpr uint64_t kSegmentMark = 0x544e454d474553ull;  // "SEGMENT"
inline constexpr uint64_t kMostSegments = 2;
inline constexpr uint64_t kMostText = 256;  // bytes of a name in the head

// Why a recording was written.
enum class Cause : uint8_t { request, assertion, drain };
const char* name(Cause cause);

// What stands in a file's head, in this order, each in 8 bytes; the two texts follow.
struct FileHead {
  uint64_t format = kFormat;
  uint64_t settings_layout = 0;
  uint64_t state_layout = 0;
  uint64_t seed = 0;
  uint64_t wall_s = 0;      // seconds since 1970 at the instant below
  uint64_t wall_at_ns = 0;  // on the clock of the events
  uint64_t cause = 0;
  uint64_t unfinished = 0;  // 1: the last step has begun and not ended
  uint64_t segments = 0;
  uint64_t service_bytes = 0;
  uint64_t version_bytes = 0;
};

// A checkpoint of the policy's state, or none at its start, and the records that followed.
struct SegmentHead {
  uint64_t mark = kSegmentMark;
  uint64_t first_step = 1;
  uint64_t start_ns = 0;  // the instant of the step before, where time begins
  uint64_t checkpoint_bytes = 0;
  uint64_t settings_bytes = 0;
  uint64_t words = 0;
  uint64_t digest = 0;  // of all that follows this head, see digest()
};

// Of whole words, in their order; 0 before the first piece of what comes in pieces.
uint64_t digest(uint64_t before, std::span<const uint64_t> words);

struct Segment {
  uint64_t first_step = 1;
  Instant start{};
  std::string checkpoint;                           // empty: the policy was fresh
  std::optional<policy::ServiceSettings> settings;  // at its beginning; nullopt: another version's
  std::vector<uint64_t> words;
  size_t words_offset = 0;  // in the file, in bytes
};

struct Recording {
  std::string service;
  std::string version;  // of the program that wrote it
  uint64_t seed = 0;
  uint64_t wall_s = 0;  // seconds since 1970 at `wall_at`
  Instant wall_at{};
  Cause cause = Cause::request;
  bool unfinished = false;
  bool same_settings_layout = true;  // as this program's: settings can be read
  bool same_state_layout = true;     // as this program's: checkpoints can be loaded
  std::vector<Segment> segments;     // oldest first, each goes on where the one before ended
  uint64_t steps = 0;                // in all segments

  bool from_start() const { return segments.front().checkpoint.empty(); }
  // Reads a segment that read_recording() has looked through: next() gives every step.
  RecordReader reader(const Segment& segment) const {
    return {segment.words, segment.first_step, segment.start, same_settings_layout};
  }
};

// Everything is looked through: a Recording has only records that can be read. The error says at
// which byte the file is not one, and what to do.
Result<Recording> read_recording(std::string_view file);

}  // namespace warmgate::recording
