// Pen: writes text into room that its caller has measured. Heads and log lines are made of dozens
// of short pieces; without growing, checking or calling anything for each, a piece is a few moves.
//
// Use.     The caller owns the room, makes it large enough for all that is put, and reads at() when
//          the text is complete. Nothing is terminated.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace warmgate {

class Pen {
 public:
  static constexpr size_t kNumber = 20;  // room for any number
  static constexpr size_t kDecimal = 22;

  explicit Pen(char* at) : at_(at) {}
  char* at() const { return at_; }

  void put(char c) { *at_++ = c; }

  // For texts that are mostly short: two moves that may overlap cost less than a call.
  void put(std::string_view text) {
    const char* const from = text.data();
    const size_t n = text.size();
    if (n > 32) {
      std::memcpy(at_, from, n);
    } else if (n >= 16) {
      put_ends<16>(from, n);
    } else if (n >= 8) {
      put_ends<8>(from, n);
    } else if (n >= 4) {
      put_ends<4>(from, n);
    } else {
      for (size_t i = 0; i < n; ++i) at_[i] = from[i];
    }
    at_ += n;
  }

  // A literal, whose length the compiler knows.
  template <size_t kSize>
  [[gnu::always_inline]] void put(const char (&literal)[kSize]) {
    std::memcpy(at_, literal, kSize - 1);
    at_ += kSize - 1;
  }
  template <size_t kSize>
  void put(char (&buffer)[kSize]) = delete;

  // Most numbers in a log line are small; a call for each costs twenty instructions.
  void put_number(uint64_t value) {
    if (value < 10) {
      put(static_cast<char>('0' + value));
    } else if (value < 1'000) {
      if (value >= 100) put(static_cast<char>('0' + value / 100));
      put_digits<2>(value % 100);
    } else {
      at_ = std::to_chars(at_, at_ + kNumber, value).ptr;
    }
  }

  // value / 10^kPlaces exactly, with all places: "1.234" for 1234 and 3.
  template <unsigned kPlaces>
  void put_decimal(uint64_t value) {
    constexpr uint64_t kScale = [] {
      uint64_t scale = 1;
      for (unsigned i = 0; i < kPlaces; ++i) scale *= 10;
      return scale;
    }();
    put_number(value / kScale);
    put('.');
    put_digits<kPlaces>(value % kScale);
  }

  // Exactly kDigits digits, with leading zeros.
  template <unsigned kDigits>
  void put_digits(uint64_t value) {
    for (unsigned i = kDigits; i-- > 0; value /= 10) at_[i] = static_cast<char>('0' + value % 10);
    at_ += kDigits;
  }

  // 16 hexadecimal digits. Eight at a time within a word: a loop over them costs twice as much.
  void put_hex(uint64_t value) {
    put_hex_half(static_cast<uint32_t>(value >> 32));
    put_hex_half(static_cast<uint32_t>(value));
  }

 private:
  void put_hex_half(uint32_t value) {
    static_assert(std::endian::native == std::endian::little);
    uint64_t x = __builtin_bswap32(value);  // the first byte to be written is the lowest one
    x = (x | x << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;       // one byte of the value in every second one
    x = (x >> 4 | x << 8) & 0x0f0f0f0f0f0f0f0f;  // one digit in each byte
    const uint64_t letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
    x += 0x3030303030303030 + letters * ('a' - '0' - 10);
    std::memcpy(at_, &x, sizeof(x));
    at_ += sizeof(x);
  }

  template <size_t kWidth>
  void put_ends(const char* from, size_t n) {
    char first[kWidth], last[kWidth];
    std::memcpy(first, from, kWidth);
    std::memcpy(last, from + n - kWidth, kWidth);
    std::memcpy(at_, first, kWidth);
    std::memcpy(at_ + n - kWidth, last, kWidth);
  }

  char* at_;
};

// Appends what `put(pen)` writes, which is at most `room` bytes long.
template <class Put>
void append_with_pen(std::string& out, size_t room, Put put) {
  const size_t before = out.size();
  out.resize(before + room);
  Pen pen(out.data() + before);
  put(pen);
  out.resize(static_cast<size_t>(pen.at() - out.data()));
}

}  // namespace warmgate
