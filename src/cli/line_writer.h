// LineWriter: lines to a descriptor by a thread of its own, so that a slow pipe or disk never stops
// the data plane.
//
// Bounds.  At most kMaxPending bytes wait; beyond it whole batches are dropped and counted.
// Thread.  write() from any; the descriptor is written by a thread of its own. Destruction writes
//          what is pending, for at most as long as the descriptor takes it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace warmgate::cli {

class LineWriter {
 public:
  explicit LineWriter(int fd);
  ~LineWriter();

  void write(std::string_view lines);
  uint64_t dropped_bytes() const;

 private:
  static constexpr size_t kMaxPending = 8 * 1024 * 1024;
  static constexpr size_t kWakeBytes = 64 * 1024;  // enough to write before the interval is over
  static constexpr int kIntervalMs = 100;

  void run();

  const int fd_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::string pending_;         // guarded by mutex_
  uint64_t dropped_bytes_ = 0;  // guarded by mutex_
  bool stopping_ = false;       // guarded by mutex_
  std::thread thread_;
};

}  // namespace warmgate::cli
