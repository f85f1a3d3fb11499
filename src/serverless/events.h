// The language between InstancePool and the world: events flow in, actions flow out, both values.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace warmgate::serverless {

using RequestId = Id<struct RequestTag>;    // chosen by the caller, increasing in order of arrival
using InstanceId = Id<struct InstanceTag>;  // chosen by the pool: 1, 2, 3 ...

// How a request that was assigned ended.
enum class Ending : uint8_t {
  complete,        // the instance answered
  instance_broke,  // its connection was lost or spoke nonsense: the client saw 502 or a cut
  not_connected,   // no connection came about, so nothing was sent: it may go elsewhere
};

// Why a request is answered by the platform and not by an instance.
enum class Refusal : uint8_t {
  no_instance_in_time,   // 429: waited max(3.5 x mean start time, 10 s)
  queue_full,            // 429
  could_not_start,       // 503: the instance that it waited for failed, and there is no other
  shutting_down,         // 503
  instance_unreachable,  // 502: several instances did not accept its connection
  time_limit,            // 504
};
uint16_t status_of(Refusal refusal);
std::string_view name(Refusal refusal);

// ---- events; one about a request or instance that the pool no longer knows is ignored ----

struct RequestArrived {
  RequestId request;
};
struct RequestFinished {
  RequestId request;
  Ending ending = Ending::complete;
};
struct ClientGone {  // the connection to the instance, if any, is closed already
  RequestId request;
};
// The request is larger than the platform takes; its client was answered 413. It may be unknown to
// the pool: an announced size is refused before it could start an instance.
struct RequestOversized {
  RequestId request;
};
struct ProcessStarted {
  InstanceId instance;
};
struct ProbeFinished {
  InstanceId instance;
  bool ok = false;
};
struct ProcessExited {  // also: it could not be started
  InstanceId instance;
  bool by_itself = false;  // with status 0, as one does that was asked to end
};
struct TimerFired {};
struct ShutdownStarted {
  bool at_once = false;  // SIGKILL without the grace
};

using Event =
    std::variant<RequestArrived, RequestFinished, ClientGone, RequestOversized, ProcessStarted,
                 ProbeFinished, ProcessExited, TimerFired, ShutdownStarted>;

// ---- actions, to be carried out in their order ----

struct Spawn {  // answered by ProcessStarted or ProcessExited
  InstanceId instance;
};
struct Probe {  // answered by one ProbeFinished
  InstanceId instance;
};
struct Assign {  // answered by RequestFinished or ClientGone
  RequestId request;
  InstanceId instance;
};
// Answer with status_of(refusal), or cut the connection when the response has begun. The pool has
// forgotten the request. For one that was assigned, close its connection to the instance too.
struct Refuse {
  RequestId request;
  Refusal refusal = Refusal::could_not_start;
};
enum class SignalKind : uint8_t { term, kill, stop, cont };
struct Signal {  // to the whole process group
  InstanceId instance;
  SignalKind kind = SignalKind::term;
};
struct SetTimer {  // replaces the earlier one; kNever cancels
  Instant at = kNever;
};

using Action = std::variant<Spawn, Probe, Assign, Refuse, Signal, SetTimer>;
using Actions = std::vector<Action>;

}  // namespace warmgate::serverless
