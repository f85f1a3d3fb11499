// The part of the table of keys that is under services[]; see keys.h.
#pragma once

#include "config/codec.h"
#include "config/config.h"

namespace warmgate::config {

CodecPtr<Service> service_section();
CodecPtr<Backend> backend_codec();

// Under services[] too: what the policy decides by.
CodecPtr<Service> queue_section();
CodecPtr<policy::BypassSettings> bypass_section();
CodecPtr<policy::CircuitSettings> circuit_section();
CodecPtr<policy::RetrySettings> retry_section();
CodecPtr<policy::HeavySettings> heavy_section();
CodecPtr<policy::BudgetSettings> budget_section();

}  // namespace warmgate::config
