// Problem documents (RFC 9457): how the gateway tells a client, in JSON, why it refused.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/pen.h"

namespace warmgate::http {

inline constexpr std::string_view kProblemType = "application/problem+json";

struct Problem {
  struct Extension {
    std::string_view name;
    std::variant<std::string_view, double, int64_t, bool> value;
  };

  uint16_t status = 500;
  std::string_view type = "about:blank";
  std::string_view title = {};   // the status's reason phrase, if empty
  std::string_view detail = {};  // left out, if empty
};

std::string render_problem(const Problem& problem,
                           std::initializer_list<Problem::Extension> extensions = {});

// Writes `text` as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD: the text may have
// come from a peer.
void put_json_string(Pen& pen, std::string_view text);
constexpr size_t json_string_room(std::string_view text) {  // that it needs at most
  return 2 + 6 * text.size();
}
void append_json_string(std::string& out, std::string_view text);

}  // namespace warmgate::http
