#include "load/payloads.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/text.h"

namespace warmgate::load {
namespace {

using Json = nlohmann::ordered_json;

Error too_large() {
  return Error{"the payloads are larger than 256 MiB together: a part of them will do"};
}

// False when the key is there and no list of whole numbers.
bool read_classes(const Json& line, const char* key, std::vector<int64_t>& into) {
  const auto found = line.find(key);
  if (found == line.end()) return true;
  if (!found->is_array()) return false;
  for (const Json& value : *found) {
    if (!value.is_number_integer()) return false;
    into.push_back(value.get<int64_t>());
  }
  return true;
}

Result<Payload> parse_line(const std::string& text) {
  const Json line = Json::parse(text, nullptr, false);
  if (!line.is_object() || !line.contains("body")) {
    return Error{"is not a JSON object with a \"body\""};
  }
  const Json& body = line["body"];
  Payload payload;
  payload.body = body.is_string() ? body.get<std::string>() : body.dump();
  if (!read_classes(line, "labels", payload.labels) ||
      !read_classes(line, "answers", payload.answers)) {
    return Error{"has \"labels\" or \"answers\" that are not a list of whole numbers"};
  }
  if (!payload.labels.empty() && !payload.answers.empty() &&
      payload.labels.size() != payload.answers.size()) {
    return Error{"has more labels than answers, or fewer"};
  }
  return payload;
}

}  // namespace

Result<std::vector<Payload>> read_payloads(std::istream& in) {
  std::vector<Payload> payloads;
  std::string text;
  size_t bytes = 0;
  for (size_t number = 1; std::getline(in, text); ++number) {
    if (trim(text).empty() || text == "\r") continue;
    if ((bytes += text.size()) > kMaxPayloadBytes) return too_large();
    auto payload = parse_line(text);
    if (!payload) {
      return Error{"line " + std::to_string(number) + " of the payloads " +
                   payload.error().message};
    }
    payloads.push_back(std::move(*payload));
  }
  if (payloads.empty()) {
    return Error{"there are no payloads: give one JSON object a line, such as {\"body\": {...}}"};
  }
  return payloads;
}

Result<std::vector<Payload>> read_raw_body(std::istream& in) {
  Payload payload;
  char piece[16 * 1024];
  while (in.read(piece, sizeof(piece)), in.gcount() > 0) {
    payload.body.append(piece, static_cast<size_t>(in.gcount()));
    if (payload.body.size() > kMaxPayloadBytes) return too_large();
  }
  return std::vector<Payload>{std::move(payload)};
}

}  // namespace warmgate::load
