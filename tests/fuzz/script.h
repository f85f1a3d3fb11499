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

}  // namespace warmgate::test
