// The one place where errors become responses: RFC 9457 problem documents with a reason that
// programs can read, and Retry-After where a retry helps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "policy/events.h"
#include "transport/transaction.h"

namespace warmgate::gateway {

struct LocalReply {
  uint16_t status = 503;
  std::string_view reason;  // stable name, also in `warmgate-reason`
  std::string_view detail;  // for people
  Duration retry_after{};   // zero: a retry does not help
  uint32_t attempts = 0;
  Duration waited{};
};

// What happened, in words. `last_failure` is what the last attempt met, or empty.
std::string describe(policy::RejectReason reason, const std::string& last_failure);

// Sends the whole response and ends the transaction. Returns the body's size.
uint64_t send_problem(transport::ServerTransaction& transaction, const LocalReply& reply,
                      double wall_seconds, bool head_method);

}  // namespace warmgate::gateway
