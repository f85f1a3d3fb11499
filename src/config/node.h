// Node: a tree of values, as written in YAML or to be printed. It keeps where each value stood, so
// that whoever finds a fault later can say where.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace warmgate::config {

// Where something was written: a line and column counted from 1, or a flag. All unset = nowhere.
struct Mark {
  uint32_t line = 0;
  uint32_t column = 0;
  const char* flag = nullptr;  // such as "--slo"; static text
};

struct Node {
  enum class Kind : uint8_t { null, scalar, list, map };
  // A scalar is an unquoted word, a quoted text, or (only in what we print) a number or boolean.
  enum class Style : uint8_t { word, quoted, literal };
  struct Key {
    std::string text;
    Mark mark;
  };

  Kind kind = Kind::null;
  Style style = Style::word;
  bool is_default = false;  // printed only: the value equals the default of its key
  Mark mark;
  std::string text;         // of a scalar
  std::vector<Node> items;  // of a list, or the values of a map
  std::vector<Key> keys;    // of a map, one for each item, in the order of the file

  static Node word(std::string text) { return scalar(std::move(text), Style::word); }
  static Node quoted(std::string text) { return scalar(std::move(text), Style::quoted); }
  static Node literal(std::string text) { return scalar(std::move(text), Style::literal); }
  static Node boolean(bool value) { return literal(value ? "true" : "false"); }
  static Node list(std::vector<Node> items = {}) {
    Node node;
    node.kind = Kind::list;
    node.items = std::move(items);
    return node;
  }
  static Node map() {
    Node node;
    node.kind = Kind::map;
    return node;
  }

  // For maps: appends, without a look at earlier keys.
  Node& add(std::string key, Node value) {
    keys.push_back({std::move(key), value.mark});
    items.push_back(std::move(value));
    return *this;
  }

 private:
  static Node scalar(std::string text, Style style) {
    Node node;
    node.kind = Kind::scalar;
    node.style = style;
    node.text = std::move(text);
    return node;
  }
};

}  // namespace warmgate::config
