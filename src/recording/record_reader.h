#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/events.h"
#include "recording/records.h"

namespace warmgate::recording {

// One step of the policy as it was recorded.
struct Step {
  uint64_t number = 0;  // since the start of the service, from 1
  Instant now{};
  policy::Event event;
  bool settings_known = true;  // false: a SettingsChanged of another version, with default settings
  std::span<const uint64_t> action_words;  // as they were written
  policy::Actions actions;
};

// RecordReader reads a segment's records step by step.
//
// Errors.  next() gives nothing at the end, and where the words are no records: problem() then says
//          what is wrong, and offset() with which word. Nothing that it reads is believed:
//          enumerations, flags and instants are checked.
class RecordReader {
 public:
  // `words` must outlive the reader and the steps.
  RecordReader(std::span<const uint64_t> words, uint64_t first_step, Instant start,
               bool settings_known)
      : words_(words), number_(first_step), now_(start), settings_known_(settings_known) {}

  std::optional<Step> next();

  const std::string& problem() const { return problem_; }  // empty: none
  size_t offset() const { return at_; }                    // in words

 private:
  // The first word of a record, in its parts.
  struct Head {
    Kind kind{};
    uint8_t small = 0;
    uint16_t medium = 0;
    uint32_t large = 0;
  };

  bool at_end() const { return at_ == words_.size(); }
  Head peek() const;
  uint64_t take();
  void refuse(const char* problem);
  void require(bool holds, const char* problem) {
    if (!holds) refuse(problem);
  }
  template <class Enum>
  Enum checked(uint32_t value, Enum last) {
    require(value <= static_cast<uint32_t>(last), "a value that no such enumeration has");
    return static_cast<Enum>(problem_.empty() ? value : 0);
  }
  template <class AnyId>
  AnyId take_id() {
    const AnyId id{take()};
    require(static_cast<bool>(id), "an id of 0");
    return id;
  }
  Duration take_duration();
  Instant take_instant();
  policy::BackendRef backend(const Head& head);
  std::optional<policy::InstanceEvidence> take_evidence(bool there);
  void take_time();
  policy::Event take_event(Step& step);
  policy::Event arrived(const Head& head);
  policy::Event settings_changed(Step& step);
  policy::Action take_action();

  std::span<const uint64_t> words_;
  size_t at_ = 0;
  uint64_t number_;
  Instant now_;
  bool settings_known_;
  std::string problem_;
};

// Settings from settings_bytes(); nullopt when they are not such bytes.
std::optional<policy::ServiceSettings> read_settings(std::string_view bytes);

}  // namespace warmgate::recording
