// Instance: who answers, how old it is and how much it has done. The gateway reads it from the
// header `warmgate-instance: <id>;age=<seconds>;served=<inferences>` of every response.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace warmgate::model {

inline constexpr std::string_view kInstanceHeader = "warmgate-instance";

class Instance {
 public:
  // `id` must be a good instance id; `started` is when the process began.
  Instance(std::string id, Instant started);

  void count_inference() { ++served_; }
  Duration age(Instant now) const { return now - started_; }
  std::string header(Instant now) const;

 private:
  std::string id_;
  Instant started_;
  uint64_t served_ = 0;  // inferences that were finished before this moment
};

// One to 128 letters, digits, '-', '_', '.' and ':'.
bool is_good_instance_id(std::string_view id);

// `random` in hexadecimal, after the revision's name where the platform gives one (Cloud Run's
// K_REVISION): many instances share a revision.
std::string make_instance_id(std::string_view revision, uint64_t random);

}  // namespace warmgate::model
