#include "config/size.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace warmgate::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};

constexpr std::array<Unit, 5> kBinary = {
    {{"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}}};
constexpr std::array<Unit, 4> kDecimal = {
    {{"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1'000}}};

// Far above anything meant, and exact in a double.
constexpr double kLargest = 0x1.0p52;

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : kBinary) {
    if (equals_ignoring_case(unit.name, name)) return &unit;
  }
  for (const Unit& unit : kDecimal) {
    if (equals_ignoring_case(unit.name, name)) return &unit;
  }
  return nullptr;
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  double amount = 0;
  auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
  if (failure != std::errc{}) return std::nullopt;
  const Unit* unit = find_unit(trim(text.substr(static_cast<size_t>(end - text.data()))));
  if (unit == nullptr) return std::nullopt;
  const double bytes = amount * static_cast<double>(unit->bytes);
  if (!(bytes <= kLargest) || bytes != std::floor(bytes)) return std::nullopt;
  return static_cast<uint64_t>(bytes);
}

std::string format_size(uint64_t bytes) {
  if (bytes == 0) return "0";
  for (const Unit& unit : kBinary) {
    if (bytes % unit.bytes == 0) return std::to_string(bytes / unit.bytes) + std::string(unit.name);
  }
  return std::to_string(bytes) + "B";
}

}  // namespace warmgate::config
