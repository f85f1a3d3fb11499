// The members of a type, one by one: for what must treat all of them and forget none, such as a
// checkpoint.
//
// Model.   An aggregate needs nothing: its members are counted by the compiler. A class with
// private
//          members names them, all and in the order of their declaration, in
//
//              template <class Visitor>
//              auto visit(Visitor&& visitor) {
//                return visitor(first_, second_, third_);
//              }
//
//          all_named<T>() compares the size of T with that of the members named: a member that was
//          forgotten shows at compile time, unless it fits into padding; tools/check_visits.py
//          finds those.
// Bounds.  Up to 24 members of an aggregate, and no C arrays among them.
// Source.  Boost.PFR, which Debian 12's Boost does not have yet.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace warmgate {

template <class... Types>
struct TypeList {};

// A visitor that tells nothing but the members' types.
struct TypesOnly {
  template <class... Types>
  TypeList<Types...> operator()(Types&...) const;
};

template <class T>
concept Visited = requires(T& value) {
  value.visit(TypesOnly{});
};

namespace fields {

struct Anything {
  template <class T>
  operator T() const;
};

template <class T, size_t... kIndex>
constexpr bool takes(std::index_sequence<kIndex...>) {
  return requires {
    T{(void(kIndex), Anything{})...};
  };
}

template <class T, size_t kMost>
constexpr size_t count_up_to() {
  if constexpr (kMost == 0 || takes<T>(std::make_index_sequence<kMost>())) {
    return kMost;
  } else {
    return count_up_to<T, kMost - 1>();
  }
}

inline constexpr size_t kMost = 24;

template <class T>
inline constexpr size_t kCount = count_up_to<T, kMost + 1>();

}  // namespace fields

// Calls visitor(member...) with all members of an aggregate, and gives its result.
template <class T, class Visitor>
constexpr auto visit_aggregate(T& value, Visitor&& visitor) {
  static_assert(std::is_aggregate_v<T>, "give this class a visit()");
  static_assert(fields::kCount<T> >= 1 && fields::kCount<T> <= fields::kMost,
                "one more line below for each further member");
  constexpr size_t kCount = fields::kCount<T>;
#define WG_MEMBERS(count, ...)       \
  if constexpr (kCount == (count)) { \
    auto& [__VA_ARGS__] = value;     \
    return visitor(__VA_ARGS__);     \
  }
  // clang-format off
  WG_MEMBERS(1, a)
  WG_MEMBERS(2, a, b)
  WG_MEMBERS(3, a, b, c)
  WG_MEMBERS(4, a, b, c, d)
  WG_MEMBERS(5, a, b, c, d, e)
  WG_MEMBERS(6, a, b, c, d, e, f)
  WG_MEMBERS(7, a, b, c, d, e, f, g)
  WG_MEMBERS(8, a, b, c, d, e, f, g, h)
  WG_MEMBERS(9, a, b, c, d, e, f, g, h, i)
  WG_MEMBERS(10, a, b, c, d, e, f, g, h, i, j)
  WG_MEMBERS(11, a, b, c, d, e, f, g, h, i, j, k)
  WG_MEMBERS(12, a, b, c, d, e, f, g, h, i, j, k, l)
  WG_MEMBERS(13, a, b, c, d, e, f, g, h, i, j, k, l, m)
  WG_MEMBERS(14, a, b, c, d, e, f, g, h, i, j, k, l, m, n)
  WG_MEMBERS(15, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
  WG_MEMBERS(16, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
  WG_MEMBERS(17, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)
  WG_MEMBERS(18, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)
  WG_MEMBERS(19, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)
  WG_MEMBERS(20, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)
  WG_MEMBERS(21, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)
  WG_MEMBERS(22, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v)
  WG_MEMBERS(23, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w)
  WG_MEMBERS(24, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x)
  // clang-format on
#undef WG_MEMBERS
}

template <class T, class Visitor>
constexpr auto visit_members(T& value, Visitor&& visitor) {
  if constexpr (Visited<T>) {
    return value.visit(std::forward<Visitor>(visitor));
  } else {
    return visit_aggregate(value, std::forward<Visitor>(visitor));
  }
}

template <class T>
using MemberTypes = decltype(visit_members(std::declval<T&>(), TypesOnly{}));

namespace fields {

constexpr size_t aligned(size_t offset, size_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

template <class... Types>
constexpr size_t size_of(size_t offset, size_t alignment, TypeList<Types...>) {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): a pointer's own size is what is meant.
  ((offset = aligned(offset, alignof(Types)) + sizeof(Types)), ...);
  return aligned(offset, alignment);
}

}  // namespace fields

template <class T>
constexpr bool all_named() {
  const size_t first = std::is_polymorphic_v<T> ? sizeof(void*) : 0;
  return fields::size_of(first, alignof(T), MemberTypes<T>{}) == sizeof(T);
}

}  // namespace warmgate
