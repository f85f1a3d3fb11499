#include "cli/line_writer.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace warmgate::cli {
namespace {

// A descriptor that cannot be written to (a closed pipe) loses the lines: logging must not stop
// the service.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

LineWriter::LineWriter(int fd) : fd_(fd), thread_([this] { run(); }) {}

LineWriter::~LineWriter() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineWriter::write(std::string_view lines) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (pending_.size() + lines.size() > kMaxPending) {
      dropped_bytes_ += lines.size();
      return;
    }
    wake = pending_.size() < kWakeBytes && pending_.size() + lines.size() >= kWakeBytes;
    pending_.append(lines);
  }
  if (wake) wake_.notify_one();
}

uint64_t LineWriter::dropped_bytes() const {
  std::lock_guard lock(mutex_);
  return dropped_bytes_;
}

void LineWriter::run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  while (!stopping_ || !pending_.empty()) {
    wake_.wait_for(lock, std::chrono::milliseconds(kIntervalMs),
                   [this] { return stopping_ || pending_.size() >= kWakeBytes; });
    if (pending_.empty()) continue;
    batch.swap(pending_);
    lock.unlock();
    write_all(fd_, batch);
    batch.clear();
    lock.lock();
  }
}

}  // namespace warmgate::cli
