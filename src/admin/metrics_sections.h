// The parts of the /metrics document. Internal to metrics*.cc.
#pragma once

#include "admin/metrics_text.h"
#include "admin/snapshot.h"

namespace warmgate::admin {

void render_gateway_metrics(MetricsText& text, const Snapshot& snapshot);
void render_request_metrics(MetricsText& text, const Snapshot& snapshot);
void render_pool_metrics(MetricsText& text, const Snapshot& snapshot);
void render_backend_metrics(MetricsText& text, const Snapshot& snapshot);
void render_service_metrics(MetricsText& text, const Snapshot& snapshot);

// The values of an enumeration that begins at 0.
template <class Enum>
auto values_up_to(Enum last) {
  std::vector<Enum> values;
  for (size_t i = 0; i <= static_cast<size_t>(last); ++i) values.push_back(static_cast<Enum>(i));
  return values;
}

}  // namespace warmgate::admin
