#include "recording/records.h"

#include <cstring>

#include "base/assert.h"
#include "policy/checkpoint.h"

namespace warmgate::recording {

std::string settings_bytes(const policy::ServiceSettings& settings) {
  std::string bytes;
  policy::CheckpointWriter writer(bytes);
  policy::ServiceSettings copy = settings;
  policy::pass(writer, copy);
  return bytes;
}

void RecordWriter::write(const policy::SettingsChanged& event, uint32_t since) {
  const std::string bytes = settings_bytes(event.settings);
  WG_ASSERT(bytes.size() <= kMostSettings, "settings have a fixed size");
  put(first_word(Kind::settings_changed, 0, 0, since), uint64_t{bytes.size()});
  const size_t words = (bytes.size() + 7) / 8;
  at_[words - 1] = 0;
  std::memcpy(at_, bytes.data(), bytes.size());
  at_ += words;
}

}  // namespace warmgate::recording
