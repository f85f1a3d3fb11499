// MarkScanner finds the bytes that give a head its structure: control bytes (CR and LF among them)
// and colons. All others are passed over 64 at a time, each looked at once.
//
// Bounds.  Nothing outside of [begin, end) is read.
#pragma once

#include <bit>
#include <cstring>

#include "http/wide.h"

namespace warmgate::http {

class MarkScanner {
 public:
  MarkScanner(const char* begin, const char* end) : block_(begin), next_block_(begin), end_(end) {}

  // The next mark; behind the last one, a NUL outside of the range.
  [[gnu::always_inline]] const char* next() {
    while (marks_ == 0) {
      if (next_block_ == end_) return &kNoMark;
      load();
    }
    const char* mark = block_ + std::countr_zero(marks_);
    marks_ &= marks_ - 1;
    return mark;
  }

  // Passes over the next mark. There must be one.
  [[gnu::always_inline]] void skip() {
    while (marks_ == 0) load();
    marks_ &= marks_ - 1;
  }

  static bool is_none(const char* mark) { return mark == &kNoMark; }

 private:
  static constexpr size_t kBlock = 64;

  [[gnu::always_inline]] void load() {
    block_ = next_block_;
    const auto left = static_cast<size_t>(end_ - block_);
    if (left >= kBlock) [[likely]] {
      next_block_ += kBlock;
      marks_ = marks_of(block_);
    } else {
      next_block_ = end_;
      marks_ = marks_of_last(block_, left);
    }
  }

  [[gnu::noinline]] static uint64_t marks_of_last(const char* block, size_t size) {
    char padded[kBlock] = {};  // a NUL is a mark, too: cut off
    std::memcpy(padded, block, size);
    return marks_of(padded) & ((uint64_t{1} << size) - 1);
  }

  [[gnu::always_inline]] static uint64_t marks_of(const char* block) {
#if defined(__SSE2__)
    const auto part = [block](int i) {
      const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i);
      const __m128i hits =
          _mm_or_si128(ControlByte()(bytes), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')));
      return uint64_t{static_cast<unsigned>(_mm_movemask_epi8(hits))} << (16 * i);
    };
    return part(0) | part(1) | part(2) | part(3);
#else
    uint64_t marks = 0;
    for (size_t i = 0; i < kBlock; ++i) {
      marks |= uint64_t{is_control(block[i]) || block[i] == ':'} << i;
    }
    return marks;
#endif
  }

  static constexpr char kNoMark = '\0';

  const char* block_;       // what `marks_` is about
  const char* next_block_;  // where the next one begins
  const char* end_;
  uint64_t marks_ = 0;
};

}  // namespace warmgate::http
