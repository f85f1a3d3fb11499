// For tests: the messages of tests/conformance/http1, and what is expected of each; the README
// there tells their format.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "http/testing.h"

namespace warmgate::http::testing {

struct Case {
  std::string name;
  std::vector<std::string> expected;
  std::string message;
  Reading reading;
};

inline std::string unescape(std::string_view text);

// "{N*text}", from behind the opening brace; moves `at` behind the closing one.
inline std::string repetition(std::string_view text, size_t& at) {
  const size_t star = text.find('*', at), close = text.find('}', star);
  const size_t count = std::stoul(std::string(text.substr(at, star - at)));
  const std::string part = unescape(text.substr(star + 1, close - star - 1));
  at = close + 1;
  std::string out;
  for (size_t i = 0; i < count; ++i) out += part;
  return out;
}

inline std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool repeats = text[i] == '{' && text.find('*', i) < text.find('}', i) &&
                         text.find('}', i) != std::string_view::npos;
    if (repeats) {
      ++i;
      out += repetition(text, i);
    } else if (text[i] != '\\') {
      out += text[i++];
    } else if (text[i + 1] == 'x') {
      out += static_cast<char>(std::stoul(std::string(text.substr(i + 2, 2)), nullptr, 16));
      i += 4;
    } else {
      const std::string_view codes = "rnt0s\\", bytes{"\r\n\t\0 \\", 6};
      const size_t code = codes.find(text[i + 1]);
      if (code == std::string_view::npos) throw std::runtime_error("bad escape");
      out += bytes[code];
      i += 2;
    }
  }
  return out;
}

inline void take_line(const std::string& line, Case& current) {
  if (line.starts_with("| ")) {
    current.message += unescape(std::string_view(line).substr(2));
  } else if (line.starts_with("expect ")) {
    std::istringstream words(line.substr(7));
    for (std::string word; words >> word;) current.expected.push_back(unescape(word));
  } else if (line == "to upgrade") {
    current.reading.upgrade_requested = true;
  } else if (line.starts_with("to ")) {
    current.reading.request_method = classify_method(line.substr(3));
  } else if (!line.empty() && line[0] != '#') {
    throw std::runtime_error("not understood: " + line);
  }
}

inline std::vector<Case> load_cases(const std::string& folder, const std::string& file) {
  std::ifstream in(folder + "/" + file);
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("case ")) {
      cases.emplace_back().name = line.substr(5);
      cases.back().reading.response = file == "responses.txt";
    } else if (!cases.empty()) {
      take_line(line, cases.back());
    }
  }
  return cases;
}

}  // namespace warmgate::http::testing
