#include "model/instance.h"

#include <cstdio>
#include <utility>

#include "base/assert.h"

namespace warmgate::model {

Instance::Instance(std::string id, Instant started) : id_(std::move(id)), started_(started) {
  WG_ASSERT(is_good_instance_id(id_), "an instance id stands in a header");
}

std::string Instance::header(Instant now) const {
  char text[64];
  std::snprintf(text, sizeof(text), ";age=%.3f;served=%llu", to_seconds(age(now)),
                static_cast<unsigned long long>(served_));
  return id_ + text;
}

bool is_good_instance_id(std::string_view id) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
  return !id.empty() && id.size() <= 128 &&
         id.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string make_instance_id(std::string_view revision, uint64_t random) {
  char text[24];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(random));
  const bool named = is_good_instance_id(revision) && revision.size() <= 100;
  return named ? std::string(revision) + "-" + text : text;
}

}  // namespace warmgate::model
