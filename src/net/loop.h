// Loop: what a single-threaded data plane needs of the world: time, timers, streams, and "later".
// EpollLoop is the real one; tests have one in virtual time over an in-memory network.
//
// Thread.  Everything on one thread, except where EpollLoop says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "net/stream.h"
#include "net/timer.h"

namespace warmgate::net {

// Work to do once, after the present batch of events: flushing what several events have written,
// or going on with input that was paused. Destruction cancels.
class Deferred {
 public:
  Deferred() = default;
  virtual ~Deferred() { cancel(); }
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;

  virtual void run() = 0;  // may defer itself again, and may destroy itself
  bool deferred() const { return link_ != nullptr; }
  void cancel();

 private:
  friend class DeferredList;
  Deferred* next_ = nullptr;
  Deferred** link_ = nullptr;
  class DeferredList* list_ = nullptr;
};

class DeferredList {
 public:
  void add(Deferred& work);  // no effect when it is deferred already
  bool empty() const { return head_ == nullptr; }
  void run_all();  // what is deferred meanwhile waits for the next call

 private:
  friend class Deferred;
  Deferred* head_ = nullptr;
  Deferred** tail_ = &head_;
};

class Loop {
 public:
  virtual ~Loop() = default;

  Instant now() const { return timers_.now(); }  // of the present batch of events
  TimerWheel& timers() { return timers_; }
  void defer(Deferred& work) { deferred_.add(work); }

  // Runs `work` on the loop's thread, soon. Thread-safe: the only way in from another thread.
  virtual void post(std::function<void()> work) = 0;

  // One scratch for all reads: valid until control returns to the loop, and no longer.
  std::span<char> scratch() { return scratch_; }

  // Seconds since 1970, for logs and Date fields. Not for decisions.
  virtual double wall_seconds() const = 0;

  // A stream that is connecting; its observer is told. Fails at once only for want of descriptors.
  virtual Result<std::unique_ptr<Stream>> connect(const Address& to) = 0;
  virtual Result<std::unique_ptr<Listener>> listen(const Address& at, AcceptHandler handler) = 0;

 protected:
  explicit Loop(Instant now) : timers_(now) {}
  TimerWheel timers_;
  DeferredList deferred_;

 private:
  static constexpr size_t kScratchBytes = 64 * 1024;
  std::unique_ptr<char[]> scratch_storage_ = std::make_unique<char[]>(kScratchBytes);
  std::span<char> scratch_{scratch_storage_.get(), kScratchBytes};
};

}  // namespace warmgate::net
