// Byte classes and wide searches that the HTTP/1 codecs share.
//
// Wide.  16 bytes at a time where SSE2 exists (every x86-64), one at a time elsewhere and at the
//        end of the input. Nothing is read outside of the given range.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace warmgate::http {

// RFC 9110, 5.6.2: what methods and field names are made of.
inline constexpr uint8_t kTokenByte = 1;
// A request target (is_target_text below).
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

inline std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

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

// A request target (not empty): printable ASCII but '#', because a fragment is never sent.
inline bool is_target_text(std::string_view text) {
  const char *p = text.data(), *end = p + text.size();
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(' '), del = _mm_set1_epi8(0x7f), hash = _mm_set1_epi8('#');
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    // Signed: bytes from 0x80 on are below the space, too.
    const __m128i good =
        _mm_andnot_si128(_mm_or_si128(_mm_cmpeq_epi8(block, del), _mm_cmpeq_epi8(block, hash)),
                         _mm_cmpgt_epi8(block, space));
    if (_mm_movemask_epi8(good) != 0xffff) return false;
  }
#endif
  return !text.empty() && all_are(between(p, end), kTargetByte);
}

inline bool is_control(char c) {
  return static_cast<uint8_t>(c) < 0x20 || c == 0x7f;
}

// The first control byte (HTAB, CR and LF are among them), or `end`.
inline const char* find_control(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i highest = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i below = _mm_cmpeq_epi8(_mm_min_epu8(block, highest), block);
    const auto hits =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(below, _mm_cmpeq_epi8(block, del))));
    if (hits != 0) return p + std::countr_zero(hits);
  }
#endif
  while (p != end && !is_control(*p)) ++p;
  return p;
}

// The first `c`, or `end`. For short distances; memchr wins for long ones.
inline const char* find_byte(const char* p, const char* end, char c) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(c);
  for (; end - p >= 16; p += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, wanted)));
    if (hits != 0) return p + std::countr_zero(hits);
  }
#endif
  while (p != end && *p != c) ++p;
  return p;
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
    const char* comma = find_byte(p, end, ',');
    if (std::string_view element = trim_ows(p, comma); !element.empty()) visit(element);
    p = comma == end ? end : comma + 1;
  }
}

}  // namespace warmgate::http
