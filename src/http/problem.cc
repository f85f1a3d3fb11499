#include "http/problem.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "http/wide.h"
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

void put_escaped(Pen& pen, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      return pen.put("\\\"");
    case '\\':
      return pen.put("\\\\");
    case '\n':
      return pen.put("\\n");
    case '\r':
      return pen.put("\\r");
    case '\t':
      return pen.put("\\t");
    default:
      break;
  }
  const auto byte = static_cast<uint8_t>(c);
  pen.put("\\u00");
  pen.put(kHex[byte >> 4]);
  pen.put(kHex[byte & 15]);
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

void put_json_string(Pen& pen, std::string_view text) {
  const char *p = text.data(), *const end = p + text.size();
  pen.put('"');
  while (p != end) {
    // What stands in a JSON string as it is, by far the most, is copied in runs.
    const char* const special = find_first(NotPlainInJson(), text.data(), p, end);
    pen.put(between(p, special));
    if (special == end) break;
    const size_t length = utf8_length(between(special, end));
    if (length == 1) {
      put_escaped(pen, *special);
    } else if (length != 0) {
      pen.put(std::string_view(special, length));
    } else {
      pen.put("\xef\xbf\xbd");
    }
    p = special + std::max<size_t>(length, 1);
  }
  pen.put('"');
}

void append_json_string(std::string& out, std::string_view text) {
  append_with_pen(out, json_string_room(text), [text](Pen& pen) { put_json_string(pen, text); });
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
