#include "config/print.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace warmgate::config {
namespace {

using Json = nlohmann::ordered_json;

Json to_json_value(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::scalar:
      if (node.style != Node::Style::literal) return node.text;
      return Json::parse(node.text);
    case Node::Kind::list: {
      Json list = Json::array();
      for (const Node& item : node.items) list.push_back(to_json_value(item));
      return list;
    }
    case Node::Kind::map: {
      Json map = Json::object();
      for (size_t i = 0; i < node.keys.size(); ++i) {
        map[node.keys[i].text] = to_json_value(node.items[i]);
      }
      return map;
    }
  }
  return nullptr;
}

// JSON strings are YAML strings too. Texts from outside may be no valid UTF-8: replaced, not
// thrown.
std::string json_string(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string key_text(const std::string& key) {
  auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  const bool clear = !key.empty() && key.front() != '-' && !equals_ignoring_case(key, "null");
  return clear && std::ranges::all_of(key, plain) ? key : json_string(key);
}

bool is_container(const Node& node) {
  return node.kind == Node::Kind::list || node.kind == Node::Kind::map;
}

// Does it fit on the line of its key? Lists of single values do; a map does when empty.
bool is_short(const Node& node) {
  if (node.kind == Node::Kind::map) return node.items.empty();
  return std::ranges::none_of(node.items, is_container);
}

std::string scalar_line(const std::string& head, const Node& node, bool mark_default) {
  std::string line = head + to_flow_yaml(node);
  if (mark_default && node.is_default) {
    constexpr size_t kCommentColumn = 48;
    line.append(line.size() < kCommentColumn ? kCommentColumn - line.size() : 1, ' ');
    line += "  # default";
  }
  return line + "\n";
}

class YamlPrinter {
 public:
  explicit YamlPrinter(bool mark_defaults) : mark_defaults_(mark_defaults) {}

  // `head` is what stands before the first line instead of its indentation.
  void print_map(const Node& map, size_t indent, std::string head) {
    for (size_t i = 0; i < map.keys.size(); ++i) {
      print_value(head + key_text(map.keys[i].text) + ":", map.items[i], indent + 2);
      head = std::string(indent, ' ');
    }
  }

  std::string out;

 private:
  void print_value(const std::string& head, const Node& node, size_t indent) {
    if (is_short(node)) {
      out += scalar_line(head + " ", node, mark_defaults_);
    } else if (node.kind == Node::Kind::map) {
      out += head + "\n";
      print_map(node, indent, std::string(indent, ' '));
    } else {
      out += head + "\n";
      for (const Node& item : node.items) print_item(item, indent);
    }
  }

  void print_item(const Node& item, size_t indent) {
    const std::string dash = std::string(indent, ' ') + "- ";
    if (item.kind == Node::Kind::map && !item.items.empty()) {
      print_map(item, indent + 2, dash);
    } else {
      out += dash + to_flow_yaml(item) + "\n";
    }
  }

  bool mark_defaults_;
};

}  // namespace

std::string to_json(const Node& node) {
  return to_json_value(node).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_flow_yaml(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return node.style == Node::Style::quoted ? json_string(node.text) : node.text;
    case Node::Kind::list:
      for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + to_flow_yaml(item);
      return "[" + out + "]";
    case Node::Kind::map:
      for (size_t i = 0; i < node.keys.size(); ++i) {
        out += (i == 0 ? "" : ", ") + key_text(node.keys[i].text) + ": ";
        out += to_flow_yaml(node.items[i]);
      }
      return "{" + out + "}";
  }
  return out;
}

std::string to_yaml(const Node& node, bool mark_defaults) {
  YamlPrinter printer(mark_defaults);
  printer.print_map(node, 0, "");
  return printer.out;
}

}  // namespace warmgate::config
