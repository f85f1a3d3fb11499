#include "recording/recording.h"

#include <cstring>

#include "policy/checkpoint.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::recording {
namespace {

constexpr size_t kWord = sizeof(uint64_t);

constexpr size_t padded(size_t bytes) {
  return (bytes + kWord - 1) / kWord * kWord;
}

class FileReader {
 public:
  explicit FileReader(std::string_view file) : file_(file) {}

  Result<Recording> read() {
    read_head();
    for (uint64_t i = 0; i < head_.segments && problem_.empty(); ++i) read_segment();
    if (problem_.empty() && at_ != file_.size()) refuse("more bytes than it should have");
    if (problem_.empty()) return std::move(recording_);
    return Error{"not a whole flight recording: at byte " + std::to_string(at_) + " there is " +
                 problem_ +
                 "; take the file again from the gateway's /recordings/SERVICE, as "
                 "binary"};
  }

 private:
  void refuse(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  // `bytes` is checked before anything is added to it, so that no sum can overflow.
  std::string_view take(uint64_t bytes, const char* what) {
    const size_t left = file_.size() - at_;
    if (problem_.empty() && (bytes > left || padded(bytes) > left)) {
      refuse(std::string("the end of the file within ") + what);
    }
    if (!problem_.empty()) return {};
    const std::string_view taken = file_.substr(at_, bytes);
    at_ += padded(bytes);
    return taken;
  }
  template <class Head>
  void take_head(Head& head, const char* what) {
    const std::string_view bytes = take(sizeof(Head), what);
    if (problem_.empty()) std::memcpy(&head, bytes.data(), sizeof(Head));
  }

  void read_head();
  void read_segment();
  void check_records(Segment& segment);

  std::string_view file_;
  size_t at_ = 0;
  std::string problem_;
  FileHead head_;
  Recording recording_;
};

void FileReader::read_head() {
  if (take(kMagic.size(), "its first line") != kMagic) {
    at_ = 0;
    return refuse("no \"WARMGATE FLIGHT RECORDING\"");
  }
  take_head(head_, "its head");
  if (!problem_.empty()) return;
  if (head_.format != kFormat) {
    return refuse("format " + std::to_string(head_.format) + ", and this program reads " +
                  std::to_string(kFormat) + " (use the program's version that wrote it)");
  }
  if (head_.segments == 0 || head_.segments > kMostSegments || head_.unfinished > 1 ||
      head_.cause > static_cast<uint64_t>(Cause::drain) || head_.service_bytes > kMostText ||
      head_.version_bytes > kMostText || head_.wall_at_ns > INT64_MAX) {
    return refuse("a head that cannot be");
  }
  recording_.service = take(head_.service_bytes, "the service's name");
  recording_.version = take(head_.version_bytes, "the program's version");
  recording_.seed = head_.seed;
  recording_.wall_s = head_.wall_s;
  recording_.wall_at = Instant{Duration{static_cast<int64_t>(head_.wall_at_ns)}};
  recording_.cause = static_cast<Cause>(head_.cause);
  recording_.unfinished = head_.unfinished != 0;
  recording_.same_settings_layout =
      head_.settings_layout == policy::layout<policy::ServiceSettings>();
  recording_.same_state_layout = head_.state_layout == policy::WarmgateDispatcher::state_layout();
}

void FileReader::read_segment() {
  SegmentHead head;
  const size_t head_at = at_;
  take_head(head, "a segment's head");
  if (!problem_.empty()) return;
  const bool follows = recording_.segments.empty() ||
                       head.first_step == recording_.segments.back().first_step + recording_.steps;
  if (head.mark != kSegmentMark || head.first_step == 0 || !follows ||
      head.first_step > UINT64_MAX / 2 || head.start_ns > INT64_MAX / 2 ||
      head.settings_bytes > kMostSettings || head.words > file_.size()) {
    at_ = head_at;
    return refuse("a segment's head that cannot be");
  }
  const size_t begin = at_;
  Segment segment;
  segment.first_step = head.first_step;
  segment.start = Instant{Duration{static_cast<int64_t>(head.start_ns)}};
  segment.checkpoint = take(head.checkpoint_bytes, "a checkpoint");
  const std::string_view settings = take(head.settings_bytes, "a segment's settings");
  segment.words_offset = at_;
  const std::string_view words = take(head.words * kWord, "its records");
  if (!problem_.empty()) return;
  std::vector<uint64_t> all((at_ - begin) / kWord);
  std::memcpy(all.data(), file_.data() + begin, at_ - begin);
  if (digest(0, all) != head.digest) {
    at_ = head_at;
    return refuse("a segment whose digest is wrong: something changed its bytes");
  }
  if (recording_.same_settings_layout) {
    segment.settings = read_settings(settings);
    if (!segment.settings) return refuse("settings before it that are none");
  }
  segment.words.resize(head.words);
  if (!words.empty()) std::memcpy(segment.words.data(), words.data(), words.size());
  check_records(segment);
  recording_.segments.push_back(std::move(segment));
}

void FileReader::check_records(Segment& segment) {
  RecordReader reader = recording_.reader(segment);
  uint64_t steps = 0;
  while (reader.next()) ++steps;
  if (!reader.problem().empty()) {
    at_ = segment.words_offset + reader.offset() * kWord;
    return refuse(reader.problem());
  }
  recording_.steps += steps;
}

}  // namespace

const char* name(Cause cause) {
  constexpr const char* kNames[] = {"asked for", "a broken invariant", "drain"};
  return kNames[static_cast<size_t>(cause)];
}

// Multiply and fold: a changed word changes everything after it.
uint64_t digest(uint64_t before, std::span<const uint64_t> words) {
  uint64_t hash = before;
  for (const uint64_t word : words) {
    hash = (hash ^ word) * 0xff51afd7ed558ccdull;
    hash ^= hash >> 32;
  }
  return hash;
}

Result<Recording> read_recording(std::string_view file) {
  return FileReader(file).read();
}

}  // namespace warmgate::recording
