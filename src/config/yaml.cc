#include "config/yaml.h"

#include <yaml-cpp/yaml.h>
// yaml.h first: eventhandler.h does not include all that it needs
#include <yaml-cpp/eventhandler.h>

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace warmgate::config {
namespace {

// What ends parsing at once; yaml-cpp passes it through.
struct Refused {
  Mark mark;
  std::string message;
};

Mark to_mark(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1), nullptr};
}

// Builds the tree from the parser's events. A container is on the stack until its end.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Report& report) : report_(report) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw Refused{to_mark(mark), "a second document; one is expected"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = to_mark(mark);
    place(std::move(node), anchor, 1);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = tag == "?" ? Node::word(value) : Node::quoted(value);
    node.mark = to_mark(mark);
    place(std::move(node), anchor, 1);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw Refused{to_mark(mark), "an alias of what it stands in"};
    place(Node(found->second.node), 0, found->second.size);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::list(), mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::map(), mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    size_t nodes_before;
    std::map<std::string, uint32_t> key_lines;  // of a map
  };
  struct Anchored {
    Node node;
    size_t size;  // values in it
  };

  void open(Node node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    node.mark = to_mark(mark);
    if (stack_.size() == kMaxDepth) {
      throw Refused{node.mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels"};
    }
    stack_.push_back({std::move(node), anchor, nodes_, {}});
  }

  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    place(std::move(done.node), done.anchor, nodes_ - done.nodes_before + 1, 1);
  }

  void place(Node node, YAML::anchor_t anchor, size_t size) {
    place(std::move(node), anchor, size, size);
  }

  // `size` values are in `node`, of which `fresh` are not counted yet.
  void place(Node node, YAML::anchor_t anchor, size_t size, size_t fresh) {
    nodes_ += fresh;
    if (nodes_ > kMaxNodes) {
      throw Refused{node.mark, "more than " + std::to_string(kMaxNodes) +
                                   " values, counting what aliases stand for"};
    }
    if (anchor != 0) anchored_.insert_or_assign(anchor, Anchored{node, size});
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = stack_.back().node;
    if (parent.kind == Node::Kind::map && parent.keys.size() == parent.items.size()) {
      add_key(stack_.back(), node);
    } else {
      // An empty value has no place of its own: yaml-cpp names that of the token behind it.
      const bool empty = node.kind == Node::Kind::null && parent.kind == Node::Kind::map;
      if (empty) node.mark = parent.keys.back().mark;
      parent.items.push_back(std::move(node));
    }
  }

  void add_key(Open& map, const Node& key) {
    if (key.kind != Node::Kind::scalar) throw Refused{key.mark, "a key must be a plain text"};
    const auto [first, fresh] = map.key_lines.emplace(key.text, key.mark.line);
    if (!fresh) {
      report_.error(key.mark, "",
                    "the key " + quote(key.text) + " stands in line " +
                        std::to_string(first->second) + " already");
    }
    map.node.keys.push_back({key.text, key.mark});
  }

  Report& report_;
  Node root_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Anchored> anchored_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, Report& report) {
  if (text.size() > kMaxBytes) {
    report.error({}, "", "longer than " + std::to_string(kMaxBytes >> 20) + " MiB");
    return std::nullopt;
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder(report);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const Refused& refused) {
    report.error(refused.mark, "", refused.message);
  } catch (const YAML::Exception& failure) {
    report.error(to_mark(failure.mark), "", "not valid YAML: " + failure.msg);
  }
  return std::nullopt;
}

}  // namespace warmgate::config
