#include "config/section.h"

#include <string_view>

#include "config/print.h"

namespace warmgate::config {

std::string unknown_key(const std::string& key, const std::vector<std::string>& known) {
  const std::vector<std::string_view> names(known.begin(), known.end());
  const std::string_view near = probably_meant(key, names);
  if (!near.empty()) return "unknown key; did you mean " + quote(near) + "?";
  std::string out = "unknown key; known here are ";
  for (const std::string& name : known) out += (&name == &known.front() ? "" : ", ") + name;
  return out;
}

Node describe_key(Node schema, const std::string& doc, Node fallback) {
  schema.add("description", Node::quoted(doc));
  if (fallback.kind != Node::Kind::null) schema.add("default", std::move(fallback));
  return schema;
}

std::string fallback_text(const Node& fallback) {
  const bool empty =
      fallback.kind == Node::Kind::scalar ? fallback.text.empty() : fallback.items.empty();
  return empty ? "" : to_flow_yaml(fallback);
}

}  // namespace warmgate::config
