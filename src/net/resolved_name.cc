#include "net/resolved_name.h"

#include <algorithm>

#include "base/log.h"

namespace warmgate::net {
namespace {
constexpr Duration kLongestPause = 30s;
}

ResolvedName::ResolvedName(Loop& loop, Resolver& resolver, std::string host, uint16_t port,
                           Refresh refresh, std::function<void()> on_update)
    : loop_(loop),
      resolver_(resolver),
      host_(std::move(host)),
      port_(port),
      refresh_(refresh),
      on_update_(std::move(on_update)),
      pause_(refresh.min),
      next_(loop.timers(), [this] { look_up(); }) {
  WG_ASSERT(refresh.min > Duration::zero() && refresh.min <= refresh.max, "a bad refresh interval");
  if (auto numeric = Address::from_ip(host_, port_)) {
    addresses_ = {*numeric};
    settled_ = true;
  } else {
    look_up();
  }
}

void ResolvedName::look_up() {
  looked_up_at_ = loop_.now();
  lookup_ =
      resolver_.resolve(host_, port_, [this](Result<Resolution> r) { on_result(std::move(r)); });
}

void ResolvedName::refresh_soon() {
  if (lookup_ != nullptr || !next_.armed()) return;  // under way already, or numeric
  next_.arm(std::min(next_.deadline(), looked_up_at_ + refresh_.min));
}

void ResolvedName::on_result(Result<Resolution> result) {
  lookup_.reset();
  const bool first = !settled_;
  const std::vector<Address> before = addresses_;
  settled_ = true;
  if (result) {
    succeed(std::move(*result));
  } else {
    fail(result.error());
  }
  if (first || addresses_ != before) {
    auto on_update = on_update_;  // a copy: the callback may destroy this
    on_update();
  }
}

void ResolvedName::succeed(Resolution resolution) {
  if (!error_.empty() && !addresses_.empty()) log_info("net", "'" + host_ + "' resolves again");
  error_.clear();
  pause_ = refresh_.min;
  if (!std::ranges::is_permutation(resolution.addresses, addresses_)) {
    addresses_ = std::move(resolution.addresses);
  }
  next_.arm_after(std::clamp(resolution.ttl, refresh_.min, refresh_.max));
}

void ResolvedName::fail(const Error& error) {
  if (error_.empty() && !addresses_.empty()) {
    log_warning("net", error.message + "; its last known addresses stay in use");
  }
  error_ = error.message;
  next_.arm_after(pause_);
  pause_ = std::max(refresh_.min, std::min({2 * pause_, refresh_.max, kLongestPause}));
}

}  // namespace warmgate::net
