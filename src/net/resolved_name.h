// ResolvedName keeps the addresses of a name fresh.
//
// Model.   Looks the name up again when its time to live is over, bounded by Refresh. When a
//          look-up fails, the last good addresses stay, and it is tried again with growing pauses.
// Order.   Stays as it was while the set is the same: DNS servers rotate, and that is no change.
// Log.     One line when look-ups begin to fail, one when they work again. A failure of the very
//          first one is not logged but told by the callback.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/resolver.h"

namespace warmgate::net {

struct Refresh {
  Duration min = 1s;    // also the first pause after a failure
  Duration max = 5min;  // min == max: a fixed interval
};

class ResolvedName {
 public:
  // `on_update` comes when the first look-up has ended, well or not, and whenever the set of
  // addresses has changed. Not from within the constructor; it may destroy the ResolvedName.
  // A numeric host is settled at once: no look-up, no call.
  ResolvedName(Loop& loop, Resolver& resolver, std::string host, uint16_t port, Refresh refresh,
               std::function<void()> on_update);

  const std::string& host() const { return host_; }
  const std::vector<Address>& addresses() const { return addresses_; }
  bool settled() const { return settled_; }            // the first look-up has ended
  const std::string& error() const { return error_; }  // of the last look-up; empty when it worked

  // Looks up soon, because the addresses seem to be wrong; at most once per `refresh.min`.
  void refresh_soon();

 private:
  void look_up();
  void on_result(Result<Resolution> result);
  void succeed(Resolution resolution);
  void fail(const Error& error);

  Loop& loop_;
  Resolver& resolver_;
  const std::string host_;
  const uint16_t port_;
  const Refresh refresh_;
  std::function<void()> on_update_;
  std::vector<Address> addresses_;
  std::string error_;
  bool settled_ = false;
  Instant looked_up_at_{};
  Duration pause_;  // before the next try after a failure
  std::unique_ptr<Resolver::Lookup> lookup_;
  Timer next_;
};

}  // namespace warmgate::net
