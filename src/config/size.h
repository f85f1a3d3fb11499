// Sizes in bytes, as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warmgate::config {

// Parses "32MiB", "1.5GiB", "64KiB", "512B" and the decimal "10MB". A bare number is refused ("0"
// excepted), and so is a fraction of a byte. nullopt when not understood.
std::optional<uint64_t> parse_size(std::string_view text);

// The shortest exact text in binary units that parse_size reads back, such as "32MiB".
std::string format_size(uint64_t bytes);

}  // namespace warmgate::config
