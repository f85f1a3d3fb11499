#include "sim/figures.h"

namespace warmgate::sim {

const char* name(ViolationCause cause) {
  switch (cause) {
    case ViolationCause::failed:
      return "failed";
    case ViolationCause::impossible:
      return "impossible";
    case ViolationCause::start:
      return "start";
    case ViolationCause::refused:
      return "refused";
    case ViolationCause::queued:
      return "queued";
    case ViolationCause::slow:
      return "slow";
  }
  return "";
}

}  // namespace warmgate::sim
