// Inputs that begin with 'P' are changes of a recording that is made at the start, so that they fit
// this version's policy: groups of an offset (4 bytes) and what is added to the byte there. All
// others are a file.
//
// Any bytes are either refused with a place, or are a recording whose steps can be read and
// described, and whose checkpoints can be loaded or are refused. The segments' digests are set
// right first, or nothing behind them would ever be reached. Steps are not replayed: a forged state
// may break an invariant, and says so by WG_ASSERT.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/assert.h"
#include "policy/random_world.h"
#include "policy/warmgate_dispatcher.h"
#include "recording/describe.h"
#include "recording/flight_recorder.h"

namespace warmgate::recording {
namespace {

constexpr size_t kDigestAt = offsetof(SegmentHead, digest);

uint64_t word_at(const std::string& file, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, file.data() + at, sizeof(word));
  return word;
}

void set_digests_right(std::string& file) {
  FileHead head;
  size_t at = kMagic.size() + sizeof(head);
  if (file.size() < at) return;
  std::memcpy(&head, file.data() + kMagic.size(), sizeof(head));
  if (head.service_bytes > kMostText || head.version_bytes > kMostText) return;
  at += (head.service_bytes + 7) / 8 * 8 + (head.version_bytes + 7) / 8 * 8;
  for (uint64_t i = 0; i < kMostSegments && at + sizeof(SegmentHead) <= file.size(); ++i) {
    const uint64_t checkpoint = word_at(file, at + offsetof(SegmentHead, checkpoint_bytes));
    const uint64_t settings = word_at(file, at + offsetof(SegmentHead, settings_bytes));
    const uint64_t records = word_at(file, at + offsetof(SegmentHead, words));
    if (checkpoint > file.size() || settings > file.size() || records > file.size()) return;
    const size_t length = (checkpoint + 7) / 8 * 8 + (settings + 7) / 8 * 8 + records * 8;
    const size_t begin = at + sizeof(SegmentHead);
    if (length > file.size() - begin) return;
    std::vector<uint64_t> words(length / 8);
    if (length > 0) std::memcpy(words.data(), file.data() + begin, length);
    const uint64_t right = digest(0, words);
    std::memcpy(file.data() + at + kDigestAt, &right, sizeof(right));
    at = begin + length;
  }
}

// Two segments, the second with a checkpoint: a busy world up to where the second has begun.
std::string make_base() {
  policy::WorldSettings settings = policy::random_world(5);
  settings.arrivals_per_s = 400;
  settings.service_time = 5ms;
  settings.length = 8s;
  settings.bursty = false;
  settings.check_every = 1000;
  auto recorder = std::make_unique<FlightRecorder>(settings.service, 1, FlightRecorder::kLeastBytes,
                                                   Origin{"fuzz"});
  const FlightRecorder& kept = *recorder;
  policy::TestWorld world(settings, 1, std::move(recorder));
  world.run();
  return kept.file(Cause::request);
}

std::string changed_base(const uint8_t* data, size_t size) {
  static const std::string base = make_base();
  std::string file = base;
  constexpr size_t kGroup = 5;
  for (size_t at = 0; at + kGroup <= size; at += kGroup) {
    uint32_t offset = 0;
    std::memcpy(&offset, data + at, sizeof(offset));
    char& changed = file[offset % file.size()];
    changed = static_cast<char>(changed + data[at + kGroup - 1]);
  }
  return file;
}

void read_all(const Recording& recording) {
  for (const Segment& segment : recording.segments) {
    RecordReader reader = recording.reader(segment);
    while (const auto step = reader.next()) {
      WG_ASSERT(!describe(step->event).empty(), "an event has a text");
      for (const policy::Action& action : step->actions) {
        WG_ASSERT(!describe(action).empty(), "an action has a text");
      }
    }
    WG_ASSERT(reader.problem().empty(), "a recording that was read can be read");
    if (segment.checkpoint.empty()) continue;
    policy::WarmgateDispatcher policy(policy::ServiceSettings{}, 1);
    if (!policy.load(segment.checkpoint)) continue;
    std::string again;
    policy.save(again);
    WG_ASSERT(again == segment.checkpoint, "a state is saved as it was loaded");
  }
}

}  // namespace
}  // namespace warmgate::recording

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warmgate::recording;
  std::string file = size > 0 && data[0] == 'P'
                         ? changed_base(data + 1, size - 1)
                         : std::string(reinterpret_cast<const char*>(data), size);
  set_digests_right(file);
  const auto recording = read_recording(file);
  if (recording.ok()) {
    read_all(*recording);
  } else {
    WG_ASSERT(recording.error().message.find("at byte ") != std::string::npos,
              "a refusal says where");
  }
  return 0;
}
