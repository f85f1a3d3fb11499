// A keyed hash: who does not know the key can neither guess a hash nor make two texts meet in one.
//
// Source.  SipHash-2-4 (Aumasson, Bernstein 2012). O(length), no allocation.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace warmgate {

struct HashKey {
  uint64_t first = 0;
  uint64_t second = 0;
};

namespace siphash {

struct State {
  uint64_t a, b, c, d;

  void round() {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
  void take(uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

}  // namespace siphash

inline uint64_t keyed_hash(HashKey key, std::string_view text) {
  static_assert(std::endian::native == std::endian::little, "words are read as they are");
  siphash::State state{key.first ^ 0x736f6d6570736575ULL, key.second ^ 0x646f72616e646f6dULL,
                       key.first ^ 0x6c7967656e657261ULL, key.second ^ 0x7465646279746573ULL};
  const size_t whole = text.size() / 8 * 8;
  for (size_t at = 0; at < whole; at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    state.take(word);
  }
  uint64_t last = uint64_t{text.size()} << 56;
  for (size_t i = whole; i < text.size(); ++i) {
    last |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * (i - whole));
  }
  state.take(last);
  state.c ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace warmgate
