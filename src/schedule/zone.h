// Zone: a time zone by its name in the IANA database, such as "Europe/Berlin".
//
// Source.  The system's database (/usr/share/zoneinfo, Debian's tzdata). UTC needs none.
// Summer.  A wall time that the clock jumps over is the instant of the jump; one that it shows
//          twice is the first.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "schedule/cron.h"

namespace date {
class time_zone;
}

namespace warmgate::schedule {

// Seconds since 1970.
using UtcSecond = std::chrono::sys_seconds;

class Zone {
 public:
  static Result<Zone> find(const std::string& name);

  WallMinute wall(UtcSecond at) const;  // rounded down
  UtcSecond utc(WallMinute at) const;

 private:
  const date::time_zone* zone_ = nullptr;  // owned by the database; null = UTC
};

}  // namespace warmgate::schedule
