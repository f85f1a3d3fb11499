// Searches over 16 bytes at a time where SSE2 exists (every x86-64), one at a time elsewhere.
//
// A matcher is called with a byte and says whether it matches; called with a block it returns one
// with all bits set in the bytes that match.
#pragma once

#include <bit>

#include "http/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace warmgate::http {

// The first byte of [p, end) that matches, or `end`. Nothing outside of [begin, end) is read;
// begin <= p, so that the last few bytes can be looked at in one block, too.
template <class Matcher>
inline const char* find_first(Matcher matches, [[maybe_unused]] const char* begin, const char* p,
                              const char* end) {
#if defined(__SSE2__)
  const auto hits_at = [matches](const char* at) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return static_cast<unsigned>(_mm_movemask_epi8(matches(block)));
  };
  if (end - begin >= 16) [[likely]] {
    const char* const last = end - 16;
    for (; p <= last; p += 16) {
      if (const unsigned hits = hits_at(p); hits != 0) [[likely]]
        return p + std::countr_zero(hits);
    }
    if (p == end) return end;
    const unsigned hits = hits_at(last) >> (p - last);
    return hits != 0 ? p + std::countr_zero(hits) : end;
  }
#endif
  while (p != end && !matches(*p)) ++p;
  return p;
}

// HTAB, CR and LF are among them.
struct ControlByte {
  bool operator()(char c) const { return is_control(c); }
#if defined(__SSE2__)
  __m128i operator()(__m128i block) const {
    const __m128i below = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    return _mm_or_si128(below, _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)));
  }
#endif
};

struct ControlByteOrColon {
  bool operator()(char c) const { return is_control(c) || c == ':'; }
#if defined(__SSE2__)
  __m128i operator()(__m128i block) const {
    return _mm_or_si128(ControlByte()(block), _mm_cmpeq_epi8(block, _mm_set1_epi8(':')));
  }
#endif
};

// What a request target must not have in it.
struct NoTargetByte {
  bool operator()(char c) const { return !is_a(c, kTargetByte); }
#if defined(__SSE2__)
  __m128i operator()(__m128i block) const {
    const __m128i inner = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f)),
                                       _mm_cmpeq_epi8(block, _mm_set1_epi8('#')));
    // Signed: bytes from 0x80 on are less than 0x21, too.
    return _mm_or_si128(inner, _mm_cmplt_epi8(block, _mm_set1_epi8(0x21)));
  }
#endif
};

// What may not be both in a field name and in a host name: letters, digits, hyphens and dots surely
// may, and almost no name has anything else that needs a closer look.
struct UnusualNameByte {
  bool operator()(char c) const {
    constexpr uint8_t kBoth = kTokenByte | kHostByte;
    return (kByteClass[static_cast<uint8_t>(c)] & kBoth) != kBoth;
  }
#if defined(__SSE2__)
  __m128i operator()(__m128i block) const {
    const auto is_within = [](__m128i x, char first, char last) {
      const __m128i offset = _mm_sub_epi8(x, _mm_set1_epi8(first));
      const __m128i length = _mm_set1_epi8(static_cast<char>(last - first));
      return _mm_cmpeq_epi8(_mm_min_epu8(offset, length), offset);
    };
    const __m128i letter = is_within(_mm_or_si128(block, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i digit = is_within(block, '0', '9');
    const __m128i mark = is_within(block, '-', '.');
    return _mm_cmpeq_epi8(_mm_or_si128(_mm_or_si128(letter, digit), mark), _mm_setzero_si128());
  }
#endif
};

// What does not stand in a JSON string as it is, and bytes beyond ASCII, which need a closer look.
struct NotPlainInJson {
  bool operator()(char c) const {
    return is_control(c) || c == '"' || c == '\\' || static_cast<uint8_t>(c) >= 0x80;
  }
#if defined(__SSE2__)
  __m128i operator()(__m128i block) const {
    const __m128i quote = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                       _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    const __m128i del = _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7f));
    // Signed: bytes from 0x80 on are less than 0x20, too.
    return _mm_or_si128(_mm_or_si128(quote, del), _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)));
  }
#endif
};

}  // namespace warmgate::http
