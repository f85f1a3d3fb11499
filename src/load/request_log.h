// RequestLog: a line for each request, for whoever looks closer than the report does.
//
// Format.  CSV: intended_s, latency_s (empty when not sent), lag_s, ending, status, pool, reason,
//          instance_age_s. Lines stand in the order in which requests ended.
#pragma once

#include <ostream>
#include <string>

#include "load/outcome.h"

namespace warmgate::load {

class RequestLog {
 public:
  explicit RequestLog(std::ostream& out);  // writes the header line
  void add(const Outcome& outcome);

 private:
  std::ostream& out_;
};

}  // namespace warmgate::load
