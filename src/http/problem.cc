#include "http/problem.h"

#include <array>
#include <charconv>
#include <cmath>

#include "http/writer.h"

namespace warmgate::http {
namespace {

// The length of the well-formed UTF-8 sequence at the text's beginning; 0 if there is none
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
size_t utf8_length(std::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned>(static_cast<uint8_t>(text[i])) : 0u;
  };
  const auto continues = [byte](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned lowest = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned highest = first == 0xed ? 0x9f : 0xbf;
    return byte(1) >= lowest && byte(1) <= highest && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned lowest = first == 0xf0 ? 0x90 : 0x80;
    const unsigned highest = first == 0xf4 ? 0x8f : 0xbf;
    return byte(1) >= lowest && byte(1) <= highest && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// What stands in a JSON string as it is, by far the most: it is copied in runs.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      break;
  }
  const auto byte = static_cast<uint8_t>(c);
  out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
}

struct ValueWriter {
  std::string& out;

  void operator()(std::string_view text) const { append_json_string(out, text); }
  void operator()(bool value) const { out.append(value ? "true" : "false"); }
  void operator()(int64_t value) const { out.append(std::to_string(value)); }
  void operator()(double value) const {
    if (!std::isfinite(value)) {  // JSON has no word for it
      out.append("null");
      return;
    }
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), static_cast<size_t>(end - digits.data()));
  }
};

void append_member(std::string& out, std::string_view name, const auto& value) {
  out.push_back(out.empty() ? '{' : ',');
  append_json_string(out, name);
  out.push_back(':');
  ValueWriter{out}(value);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    size_t plain = 0;
    while (plain < text.size() && kPlain[static_cast<uint8_t>(text[plain])]) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t length = utf8_length(text);
    if (length == 1) {
      append_escaped(out, text[0]);
    } else if (length != 0) {
      out.append(text.substr(0, length));
    } else {
      out.append("\xef\xbf\xbd");
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

std::string render_problem(const Problem& problem,
                           std::initializer_list<Problem::Extension> extensions) {
  std::string out;
  append_member(out, "type", problem.type);
  append_member(out, "title",
                problem.title.empty() ? reason_phrase(problem.status) : problem.title);
  append_member(out, "status", int64_t{problem.status});
  if (!problem.detail.empty()) append_member(out, "detail", problem.detail);
  for (const Problem::Extension& extension : extensions) {
    std::visit([&](const auto& value) { append_member(out, extension.name, value); },
               extension.value);
  }
  out.append("}\n");
  return out;
}

}  // namespace warmgate::http
