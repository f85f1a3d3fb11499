#include "cli/recording_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "base/log.h"

namespace warmgate::cli {
namespace {

const RecordingFiles* g_crash_files = nullptr;

bool write_fully(int descriptor, const void* data, size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// errno says why not.
bool write_file(const recording::FlightRecorder& recorder, const char* path,
                recording::Cause cause) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return false;
  bool whole = true;
  recorder.write(cause, [&](const void* data, size_t size) {
    whole = whole && write_fully(file, data, size);
  });
  return ::close(file) == 0 && whole;
}

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody to tell
}

}  // namespace

RecordingFiles::RecordingFiles(const gateway::Gateway& gateway, const std::string& directory) {
  for (const auto& service : gateway.services()) {
    const recording::FlightRecorder* const recorder = service->dispatcher().recorder();
    if (recorder == nullptr) continue;
    files_.push_back({recorder, (directory.empty() ? "." : directory) + "/warmgate-" +
                                    service->config().name + "-" +
                                    std::to_string(recorder->wall_s()) + "-" +
                                    std::to_string(::getpid()) + ".recording"});
  }
  g_crash_files = this;
  set_assert_hook(&on_broken_invariant);
}

RecordingFiles::~RecordingFiles() {
  set_assert_hook(nullptr);
  g_crash_files = nullptr;
}

void RecordingFiles::write_all() const {
  for (const File& file : files_) {
    if (write_file(*file.recorder, file.path.c_str(), recording::Cause::drain)) {
      log_info("recorder", "the last events are in " + file.path + "; see warmgate replay --help");
    } else {
      log_warning("recorder", "cannot write " + file.path + ": " + std::strerror(errno) +
                                  "; set recorder.directory to one that can be written");
    }
  }
}

void RecordingFiles::on_broken_invariant(const char*, const char*, const char*, int) {
  for (const File& file : g_crash_files->files_) {
    const bool written = write_file(*file.recorder, file.path.c_str(), recording::Cause::assertion);
    say(written ? "warmgate: the events before it are in " : "warmgate: cannot write ");
    say(file.path.c_str());
    say(written ? "; try warmgate replay, and send it with the bug report\n" : "\n");
  }
}

}  // namespace warmgate::cli
