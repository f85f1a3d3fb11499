#include "config/codec.h"

#include "base/text.h"

namespace warmgate::config {

std::string_view probably_meant(std::string_view word,
                                std::span<const std::string_view> candidates) {
  constexpr size_t kLongest = 64;
  return word.size() > kLongest ? "" : nearest(word, candidates);
}

std::string must_be(const std::string& type, const Node& node) {
  std::string out = "must be " + type + ", not ";
  switch (node.kind) {
    case Node::Kind::null:
      return out + "empty; remove the key to take the default";
    case Node::Kind::list:
      return out + "a list";
    case Node::Kind::map:
      return out + "a map of keys";
    case Node::Kind::scalar:
      break;
  }
  return out + (node.style == Node::Style::quoted ? "the text " : "") + quote(node.text);
}

const std::string* scalar_text(const Node& node, const std::string& type, const Context& context) {
  if (node.kind == Node::Kind::scalar) return &node.text;
  context.error(node.mark, must_be(type, node));
  return nullptr;
}

}  // namespace warmgate::config
