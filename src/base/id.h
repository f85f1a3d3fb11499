// Ids that cannot be mixed up: Id<struct RequestTag> and Id<struct AttemptTag> are different types.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace warmgate {

template <class Tag>
struct Id {
  uint64_t value = 0;  // 0 means "none"; the first id handed out is 1

  constexpr auto operator<=>(const Id&) const = default;
  constexpr explicit operator bool() const { return value != 0; }
};

}  // namespace warmgate

template <class Tag>
struct std::hash<warmgate::Id<Tag>> {
  size_t operator()(warmgate::Id<Tag> id) const noexcept { return std::hash<uint64_t>{}(id.value); }
};
