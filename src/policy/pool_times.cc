#include "policy/pool_times.h"

namespace warmgate::policy {

LearnedTimes PoolTimes::learned() const {
  LearnedTimes times;
  times.samples = mean_.samples();
  times.first_byte_p50_s = to_seconds(first_byte_.all().at(0.5));
  times.first_byte_p99_s = to_seconds(first_byte_.all().at(0.99));
  times.service_p50_s = to_seconds(service_.all().at(0.5));
  times.service_p99_s = to_seconds(service_.all().at(0.99));
  return times;
}

}  // namespace warmgate::policy
