// Meter adds up what the platform would bill, by both of its billing modes at once.
//
// Request-based.   An instance is billed while it starts or serves; overlapping requests once.
//                  Idle instances are free, but those that min-instances keep have an idle price.
//                  A fee per request is added.
// Instance-based.  An instance is billed from start to end; no fee per request. A GPU exists only
//                  in this mode.
// Rounding.        BilledTime's, to the granularity (100 ms).
// Units.           Seconds of instance time; USD at the prices given.
// Source.          Cloud Run documentation and price list, read 2026-08 to 2026-10.
// Thread.          Not thread-safe. Time never goes back.
#pragma once

#include <cstdint>
#include <map>

#include "base/time.h"
#include "billing/billed_time.h"
#include "serverless/events.h"
#include "serverless/settings.h"

namespace warmgate::serverless {

struct Bill {
  Duration request_active{};  // request-based: starting or serving, rounded
  Duration request_idle{};    // request-based: idle instances that min-instances keep
  Duration instance_life{};   // instance-based, rounded
  uint64_t requests = 0;
  double request_usd = 0;
  double instance_usd = 0;
};

class Meter {
 public:
  Meter(const MeterSettings& settings, uint32_t min_instances);

  void instance_started(Instant now, InstanceId instance);  // active until told otherwise
  void set_active(Instant now, InstanceId instance, bool active);
  void instance_ended(Instant now, InstanceId instance);
  void request_began() { ++requests_; }

  // Instances that still live are billed as if they ended now.
  Bill bill(Instant now) const;

 private:
  struct Instance {
    billing::BilledTime active, life;
  };

  void accumulate_idle(Instant now);
  Duration kept_idle(Instant now) const;
  void price(Bill& bill) const;

  const MeterSettings settings_;
  const uint32_t min_instances_;
  std::map<InstanceId, Instance> instances_;
  uint32_t active_count_ = 0;
  Duration ended_active_{}, ended_life_{};
  Duration kept_idle_{};  // time x instances that idle only because of min-instances
  Instant idle_since_{};
  uint64_t requests_ = 0;
};

}  // namespace warmgate::serverless
