#include "schedule/zone.h"

#include <date/tz.h>

#include <exception>

namespace warmgate::schedule {

using std::chrono::floor;
using std::chrono::minutes;
using std::chrono::seconds;

Result<Zone> Zone::find(const std::string& name) {
  Zone zone;
  if (name == "UTC") return zone;
  try {
    zone.zone_ = date::locate_zone(name);
  } catch (const std::exception&) {
    return Error{"the time zone `" + name +
                 "` is not known here; names are as in Europe/Berlin, and need the package tzdata"};
  }
  return zone;
}

WallMinute Zone::wall(UtcSecond at) const {
  const seconds since_1970 =
      zone_ == nullptr ? at.time_since_epoch() : zone_->to_local(at).time_since_epoch();
  return WallMinute(floor<minutes>(since_1970));
}

UtcSecond Zone::utc(WallMinute at) const {
  if (zone_ == nullptr) return UtcSecond(at.time_since_epoch());
  const date::local_info info = zone_->get_info(date::local_seconds(at.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return UtcSecond(at.time_since_epoch() - info.first.offset);
}

}  // namespace warmgate::schedule
