// Byte classes and searches that the HTTP/1 codecs share.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace warmgate::http {

// RFC 9110, 5.6.2: what methods and field names are made of.
inline constexpr uint8_t kTokenByte = 1;
// A request target: printable ASCII but '#', because a fragment is never sent.
inline constexpr uint8_t kTargetByte = 2;
// RFC 3986, reg-name without percent-encoding: no name that resolves needs it.
inline constexpr uint8_t kHostByte = 4;
// Inside the brackets of an IPv6 address; zone identifiers have no meaning to another machine.
inline constexpr uint8_t kAddressByte = 8;

inline constexpr std::array<uint8_t, 256> kByteClass = [] {
  std::array<uint8_t, 256> classes{};
  auto mark = [&classes](std::string_view bytes, uint8_t mask) {
    for (char c : bytes) classes[static_cast<uint8_t>(c)] |= mask;
  };
  for (unsigned c = 0x21; c <= 0x7e; ++c) {
    if (c != '#') classes[c] |= kTargetByte;
  }
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", kTokenByte | kHostByte);
  mark("!#$%&'*+-.^_`|~", kTokenByte);
  mark("-._~!$&'()*+,;=", kHostByte);
  mark("0123456789abcdefABCDEF:.", kAddressByte);
  return classes;
}();

inline bool is_a(char c, uint8_t byte_class) {
  return (kByteClass[static_cast<uint8_t>(c)] & byte_class) != 0;
}

inline bool all_are(std::string_view text, uint8_t byte_class) {
  for (char c : text) {
    if (!is_a(c, byte_class)) return false;
  }
  return true;
}

inline bool is_token(std::string_view text) {
  return !text.empty() && all_are(text, kTokenByte);
}

inline bool is_control(char c) {
  return static_cast<uint8_t>(c) < 0x20 || c == 0x7f;
}

inline std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

// Optional white space of field values: spaces and tabs.
inline std::string_view trim_ows(const char* begin, const char* end) {
  while (begin != end && (*begin == ' ' || *begin == '\t')) ++begin;
  while (begin != end && (end[-1] == ' ' || end[-1] == '\t')) --end;
  return between(begin, end);
}

// Equality without case, where `lower` is known to hold only a-z, 0-9 and '-'.
inline bool equals_lower(std::string_view text, std::string_view lower) {
  // A letter of `lower` (bit 0x40 is set) may differ in bit 0x20; any other byte in none.
  constexpr auto same = []<class Word>(const char* a, const char* b, Word) {
    Word x, y;
    std::memcpy(&x, a, sizeof x);
    std::memcpy(&y, b, sizeof y);
    const Word case_bits = (y >> 1) & static_cast<Word>(0x2020202020202020ULL);
    return ((x ^ y) & ~case_bits) == 0;
  };
  const size_t n = text.size();
  if (n != lower.size()) return false;
  const char *a = text.data(), *b = lower.data();
  if (n >= 8) {
    for (size_t i = 0; i + 8 < n; i += 8) {
      if (!same(a + i, b + i, uint64_t{})) return false;
    }
    return same(a + n - 8, b + n - 8, uint64_t{});  // overlaps the last whole word
  }
  if (n >= 4) return same(a, b, uint32_t{}) && same(a + n - 4, b + n - 4, uint32_t{});
  for (size_t i = 0; i < n; ++i) {
    if (!same(a + i, b + i, uint8_t{})) return false;
  }
  return true;
}

// Calls `visit(element)` for each non-empty element of a comma-separated list without quoting.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  const char *p = list.data(), *end = p + list.size();
  while (p != end) {
    const char* comma = std::find(p, end, ',');
    if (std::string_view element = trim_ows(p, comma); !element.empty()) visit(element);
    p = comma == end ? end : comma + 1;
  }
}

}  // namespace warmgate::http
