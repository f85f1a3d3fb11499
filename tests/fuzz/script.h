// Script: the fuzzer's bytes, read as decisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warmgate::test {

// Reads the fuzzer's bytes as decisions; zeros when they are used up.
class Script {
 public:
  explicit Script(std::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  uint8_t byte();
  uint32_t below(uint32_t bound) { return byte() % bound; }
  std::string_view take(size_t bytes);

 private:
  std::string_view rest_;
};

// Lets a World do what the fuzzer's bytes say, and come to an end.
template <class World>
void play(const uint8_t* data, size_t size) {
  constexpr size_t kMostDecisions = 400;
  Script script({reinterpret_cast<const char*>(data), size});
  World world(script);
  for (size_t i = 0; i < kMostDecisions && !script.empty(); ++i) world.act();
  world.finish();
}

}  // namespace warmgate::test
