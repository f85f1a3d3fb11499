// nginx with the always-on machines as servers and the serverless pool as `backup`.
//
// Rule.    Machines in turn, whatever they have to do: nginx has no limit by default, so requests
//          queue in the model server. The backup is used only when every machine is unavailable:
//          one that failed (no connection, broken off, or no answer within the read time-out of 60
//          s) is, for 10 s. A failed request goes to the next machine, then to the backup; 429 and
//          503 are no failures and are passed on.
// Source.  ngx_http_upstream_module: max_fails=1, fail_timeout=10s, `proxy_read_timeout 60s`,
//          `proxy_next_upstream error timeout` with `non_idempotent` for requests that are
//          repeatable.
#include <algorithm>

#include "baselines/baseline.h"
#include "baselines/makers.h"

namespace warmgate::baselines {
namespace {

constexpr Duration kFailTimeout = 10s;
constexpr Duration kReadTimeout = 60s;

class NginxBackup final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  void arrived(Instant now, Slot slot) override { send(now, slot, Reason::light); }

  void failed(Instant now, Slot slot, const Attempt& attempt, Outcome outcome) override {
    // Each machine at most once, then the backup.
    const bool was_last = attempt.backend.pool == PoolKind::serverless;
    const bool tried_all = request(slot).attempts >= settings().always_on.backends + 1u;
    if (was_last || tried_all) return give_up(slot, outcome);
    send(now, slot, Reason::retry);
  }

  void finished(Instant now, const Attempt& attempt, Outcome outcome) override {
    const bool bad = outcome == Outcome::connect_failed || outcome == Outcome::broken ||
                     outcome == Outcome::broken_midway || outcome == Outcome::timed_out;
    if (bad) mark_failed(now, attempt);
  }

  void limit_reached(Instant now, const Attempt& attempt) override { mark_failed(now, attempt); }

  void mark_failed(Instant now, const Attempt& attempt) {
    if (attempt.backend.pool != PoolKind::always_on) return;
    if (failed_until_.size() <= attempt.backend.index) {
      failed_until_.resize(attempt.backend.index + 1u);
    }
    failed_until_[attempt.backend.index] = now + kFailTimeout;
  }

  void send(Instant now, Slot slot, Reason reason) {
    const uint16_t machines = settings().always_on.backends;
    for (uint16_t i = 0; i < machines; ++i) {
      turn_ = static_cast<uint16_t>((turn_ + 1) % machines);
      const bool available = turn_ >= failed_until_.size() || failed_until_[turn_] <= now;
      if (available) return try_on(now, slot, {PoolKind::always_on, turn_}, reason);
    }
    if (!has_serverless()) return reject(slot, RejectReason::upstream_failed, 502);
    try_on(now, slot, next_serverless(), Reason::always_on_down);
  }

  void try_on(Instant now, Slot slot, BackendRef backend, Reason reason) {
    start(now, slot, backend, reason);
    limit(now, slot, kReadTimeout);
  }

  uint16_t turn_ = 0;
  std::vector<Instant> failed_until_;  // by machine
};

}  // namespace

std::unique_ptr<Dispatcher> make_nginx_backup(const ServiceSettings& settings) {
  return std::make_unique<NginxBackup>(settings);
}

}  // namespace warmgate::baselines
