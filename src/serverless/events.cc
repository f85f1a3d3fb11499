#include "serverless/events.h"

namespace warmgate::serverless {

uint16_t status_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_instance_in_time:
    case Refusal::queue_full:
      return 429;
    case Refusal::could_not_start:
    case Refusal::shutting_down:
      return 503;
    case Refusal::instance_unreachable:
      return 502;
    case Refusal::time_limit:
      return 504;
  }
  return 500;
}

std::string_view name(Refusal refusal) {
  switch (refusal) {
    case Refusal::no_instance_in_time:
      return "no-instance-in-time";
    case Refusal::queue_full:
      return "queue-full";
    case Refusal::could_not_start:
      return "could-not-start";
    case Refusal::shutting_down:
      return "shutting-down";
    case Refusal::instance_unreachable:
      return "instance-unreachable";
    case Refusal::time_limit:
      return "time-limit";
  }
  return "unknown";
}

}  // namespace warmgate::serverless
