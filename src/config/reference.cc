#include "config/reference.h"

#include <utility>
#include <vector>

#include "config/codec.h"
#include "config/keys.h"
#include "config/print.h"

namespace warmgate::config {
namespace {

constexpr const char* kTableHead =
    "| key | type | default | meaning |\n"
    "|---|---|---|---|\n";

// A '|' would end the cell.
std::string cell(const std::string& text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string last_key(const std::string& path) {
  return path.substr(path.rfind('.') + 1);
}

std::string table_row(const KeyRow& row) {
  std::string fallback = row.fallback;
  if (!fallback.empty() && fallback != "required") fallback = "`" + fallback + "`";
  return "| `" + last_key(row.path) + "` | " + cell(row.type) + " | " + cell(fallback) + " | " +
         cell(row.doc) + " |\n";
}

Node problem_list(const std::vector<Problem>& problems, const std::string& file) {
  Node list = Node::list();
  for (const Problem& problem : problems) {
    list.items.push_back(Node::map()
                             .add("file", Node::quoted(file))
                             .add("line", Node::literal(std::to_string(problem.mark.line)))
                             .add("column", Node::literal(std::to_string(problem.mark.column)))
                             .add("key", Node::quoted(problem.key))
                             .add("message", Node::quoted(problem.message)));
  }
  return list;
}

}  // namespace

std::string json_schema() {
  const Node keys = config_codec().schema();
  Node schema = Node::map();
  schema.add("$schema", Node::quoted("http://json-schema.org/draft-07/schema#"));
  schema.add("title", Node::quoted("warmgate configuration"));
  for (size_t i = 0; i < keys.keys.size(); ++i) schema.add(keys.keys[i].text, keys.items[i]);
  return to_json(schema);
}

std::string reference_markdown() {
  std::vector<KeyRow> rows;
  config_codec().list_keys("", rows);
  std::string out = "### top level\n\n";
  bool in_table = false;
  for (const KeyRow& row : rows) {
    if (row.section) {
      out += (in_table ? "\n### `" : "### `") + row.path + "`\n\n" + row.doc + "\n\n";
    } else {
      if (!in_table) out += kTableHead;
      out += table_row(row);
    }
    in_table = !row.section;
  }
  return out;
}

std::string resolved_yaml(const Config& config) {
  return to_yaml(config_codec().write(config), true);
}

std::string loaded_json(const Loaded& loaded) {
  Node out = Node::map().add("valid", Node::boolean(loaded.config.has_value()));
  out.add("errors", problem_list(loaded.errors, loaded.source));
  out.add("hints", problem_list(loaded.hints, loaded.source));
  if (loaded.config) out.add("config", config_codec().write(*loaded.config));
  return to_json(out);
}

}  // namespace warmgate::config
