// Outcome: how one request of a load run ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "load/answer_check.h"

namespace warmgate::load {

enum class Ending : uint8_t {
  ok,
  wrong,        // answered well in form, but not with what was expected
  redirected,   // 3xx, which is not followed, or another status that means nothing here
  refused_4xx,  // but 429
  refused_429,
  refused_503,
  failed_5xx,  // but 503
  not_sent,    // by us: all our connections were busy
  connect_failed,
  broken,  // the connection was lost, or the answer was no HTTP
  timed_out,
  abandoned,  // by us: the run was ended before the answer came
};
inline constexpr size_t kEndings = 12;

std::string_view name(Ending ending);  // as in the report: "refused_429"
Ending ending_of(uint16_t status);

// Did an answer come, whatever it said?
bool answered(Ending ending);

struct Outcome {
  Duration intended{};  // when it was to be sent, since the start of the run
  Duration lag{};       // how much later it was really sent
  Duration latency{};   // from the intended time to the end
  Ending ending = Ending::ok;
  uint16_t status = 0;                   // 0 without an answer
  std::string_view pool{}, reason{};     // of the gateway's headers; empty when they are not there
  std::optional<double> instance_age{};  // seconds, as the answering instance says
  AnswerCheck check{};

  // The instance that answered had not begun when the request was to be sent.
  bool saw_cold_start() const { return instance_age && *instance_age < to_seconds(latency); }
};

// The age in "abc;age=0.123;served=4".
std::optional<double> parse_instance_age(std::string_view header);

}  // namespace warmgate::load
