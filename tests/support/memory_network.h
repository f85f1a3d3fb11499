// MemoryLoop: a Loop in virtual time over a network in memory. The same data plane that runs on
// sockets runs here, deterministically: everything follows from the seed.
//
// Time.    Advances only when nothing is runnable, straight to the next arrival or timer.
// Streams. Edge-triggered like TcpStream, down to the superfluous calls: an edge tells all that is
//          so at that moment, so on_writable() may come along with on_readable().
// Pieces.  With `chop`, bytes arrive in random pieces, and reads and writes take less than they
//          could. Any code that is right on TCP must stand that.
// Resets.  Discard what the receiver has not read yet, which is the worst that TCP allows.
// Bounds.  `capacity` bytes in each direction of a connection, under way and unread together.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/prng.h"
#include "net/loop.h"

namespace warmgate::test {

struct NetworkSettings {
  size_t capacity = 64 * 1024;
  Duration latency = 100us;  // one way
  bool chop = true;
};

// What goes wrong with new connections to an address.
struct Weather {
  bool refuse = false;      // also what happens when nobody listens
  bool black_hole = false;  // connecting takes for ever
  // After so many bytes towards the listener, or back, both ends are reset.
  std::optional<size_t> reset_after_sent{};
  std::optional<size_t> reset_after_received{};
};

class MemoryConnection;
class MemoryListener;
class MemoryStream;

class MemoryLoop final : public net::Loop {
 public:
  explicit MemoryLoop(uint64_t seed, const NetworkSettings& settings = {});
  ~MemoryLoop() override;

  double wall_seconds() const override;
  // Other things may happen before it: some time passes, as between threads.
  void post(std::function<void()> work) override;
  Result<std::unique_ptr<net::Stream>> connect(const net::Address& to) override;
  Result<std::unique_ptr<net::Stream>> connect_from(const net::Address& from,
                                                    const net::Address& to);
  Result<std::unique_ptr<net::Listener>> listen(const net::Address& at,
                                                net::AcceptHandler handler) override;

  void set_weather(const net::Address& to, const Weather& weather);

  // Calls `action` at that time. For the network itself and for scripts.
  void at(Instant when, std::function<void()> action);

  void run_until(Instant end);
  void run_for(Duration time) { run_until(now() + time); }
  // Until the condition holds; false when it does not within `limit`, or when nothing is left that
  // could happen.
  bool run_until(const std::function<bool()>& done, Duration limit = 1h);
  // Until nothing is under way: only timers are left. Those that become due meanwhile fire.
  void run_until_idle();

  Prng& random() { return random_; }
  const NetworkSettings& settings() const { return settings_; }
  // A random size in 1..most: small ones as often as large ones. `most` itself without chopping.
  size_t chopped(size_t most);

 private:
  friend class MemoryConnection;
  friend class MemoryListener;
  friend class MemoryStream;

  bool runnable() const { return !deferred_.empty() || !ready_.empty(); }
  Instant next_event() const { return events_.empty() ? kNever : events_.begin()->first; }
  void step(Instant now);
  void ready(MemoryStream* stream);
  void forget(MemoryStream* stream);
  MemoryListener* find_listener(const net::Address& to) const;
  void open(const std::shared_ptr<MemoryConnection>& connection, const net::Address& to);

  NetworkSettings settings_;
  Prng random_;
  std::multimap<Instant, std::function<void()>> events_;  // equal times in order of insertion
  std::vector<MemoryStream*> ready_;                      // to be told of an edge; no duplicates
  std::vector<MemoryStream*> batch_;                      // being told
  std::vector<MemoryListener*> listeners_;
  std::vector<std::pair<net::Address, Weather>> weather_;
  Instant posted_until_ = Instant::min();  // what was posted is done in order
  uint16_t next_port_ = 40'000;
  int steps_at_this_time_ = 0;
};

}  // namespace warmgate::test
