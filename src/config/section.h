// Section<Owner>: a map of keys, each bound to a part of Owner. The building block of keys.cc.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/codec.h"

namespace warmgate::config {

// Joins two steps into one: via(&Service::policy, &ServiceSettings::slo) leads from Service to slo.
template <class First, class Second>
auto via(First first, Second second) {
  return [=](auto& owner) -> auto& {
    return owner.*first.*second;
  };
}

// For a section whose keys belong to the owner of the section around it.
inline constexpr auto kSameOwner = [](auto& owner) -> auto& {
  return owner;
};

enum class Presence { optional, required };

// What stands in `node` for a key that `known` does not have.
std::string unknown_key(const std::string& key, const std::vector<std::string>& known);

// Adds "description" and, unless null, "default" to the schema of a key.
Node describe_key(Node schema, const std::string& doc, Node fallback);

// A default as one line of the reference.
std::string fallback_text(const Node& fallback);

template <class Owner>
class Section : public Codec<Owner> {
 public:
  using Finish = std::function<void(Owner&, const Context&, Mark)>;

  // Appends a key. `at` leads from an Owner to the value: a pointer to a member, or via(...).
  template <class At, class T>
  Section& key(std::string name, At at, CodecPtr<T> codec, std::string doc,
               Presence presence = Presence::optional) {
    keys_.push_back(std::make_unique<KeyOf<At, T>>(std::move(name), at, std::move(codec),
                                                   std::move(doc), presence == Presence::required));
    return *this;
  }

  // Runs after all keys of a section were read without error, to fill what follows from them.
  Section& finish(Finish finish) {
    finish_ = std::move(finish);
    return *this;
  }

  void read(const Node& node, Owner& owner, const Context& context) const override {
    if (node.kind != Node::Kind::map) {
      context.error(node.mark, must_be(type(), node));
      return;
    }
    const size_t errors_before = context.report.errors().size();
    std::set<std::string> seen;
    for (size_t i = 0; i < node.keys.size(); ++i) {
      read_key(node.keys[i], node.items[i], owner, context);
      seen.insert(node.keys[i].text);
    }
    for (const auto& key : keys_) {
      if (key->required && !seen.contains(key->name)) {
        context.error(node.mark, quote(key->name) + " is missing: " + key->doc);
      }
    }
    if (finish_ && context.report.errors().size() == errors_before) {
      finish_(owner, context, node.mark);
    }
  }

  Node write(const Owner& owner) const override {
    Node map = Node::map();
    const Owner defaults{};
    for (const auto& key : keys_) {
      Node value = key->write(owner);
      value.is_default = !key->required && same(value, key->write(defaults));
      map.add(key->name, std::move(value));
    }
    return map;
  }

  Node schema() const override {
    Node properties = Node::map();
    Node required = Node::list();
    const Owner defaults{};
    for (const auto& key : keys_) {
      const bool leaf = !key->has_keys() && !key->required;
      properties.add(key->name,
                     describe_key(key->schema(), key->doc, leaf ? key->write(defaults) : Node{}));
      if (key->required) required.items.push_back(Node::quoted(key->name));
    }
    Node out = Node::map().add("type", Node::quoted("object"));
    out.add("additionalProperties", Node::boolean(false)).add("properties", std::move(properties));
    if (!required.items.empty()) out.add("required", std::move(required));
    return out;
  }

  std::string type() const override { return "a map of keys"; }
  bool has_keys() const override { return true; }

  // A section's own values first, then the sections in it, so that a table is in one piece.
  void list_keys(const std::string& path, std::vector<KeyRow>& rows) const override {
    const std::string prefix = path.empty() ? "" : path + ".";
    const Owner defaults{};
    for (const auto& key : keys_) {
      if (key->has_keys()) continue;
      const std::string fallback = key->required ? "required" : fallback_text(key->write(defaults));
      rows.push_back({prefix + key->name, key->type(), fallback, key->doc, false});
    }
    for (const auto& key : keys_) {
      if (!key->has_keys()) continue;
      const std::string inner = prefix + key->name + std::string(key->path_suffix());
      rows.push_back({inner, key->type(), "", key->doc, true});
      key->list_keys(inner, rows);
    }
  }

 private:
  // A key with the type of its value forgotten.
  struct Key {
    Key(std::string n, std::string d, bool r)
        : name(std::move(n)), doc(std::move(d)), required(r) {}
    virtual ~Key() = default;
    virtual void read(const Node& node, Owner& owner, const Context& context) const = 0;
    virtual Node write(const Owner& owner) const = 0;
    virtual Node schema() const = 0;
    virtual std::string type() const = 0;
    virtual bool has_keys() const = 0;
    virtual std::string_view path_suffix() const = 0;
    virtual void list_keys(const std::string& path, std::vector<KeyRow>& rows) const = 0;

    std::string name;
    std::string doc;
    bool required;
  };

  template <class At, class T>
  struct KeyOf : Key {
    KeyOf(std::string n, At a, CodecPtr<T> c, std::string d, bool r)
        : Key(std::move(n), std::move(d), r), at(a), codec(std::move(c)) {}
    void read(const Node& node, Owner& owner, const Context& context) const override {
      codec->read(node, std::invoke(at, owner), context);
    }
    Node write(const Owner& owner) const override { return codec->write(std::invoke(at, owner)); }
    Node schema() const override { return codec->schema(); }
    std::string type() const override { return codec->type(); }
    bool has_keys() const override { return codec->has_keys(); }
    std::string_view path_suffix() const override { return codec->path_suffix(); }
    void list_keys(const std::string& path, std::vector<KeyRow>& rows) const override {
      codec->list_keys(path, rows);
    }

    At at;
    CodecPtr<T> codec;
  };

  void read_key(const Node::Key& name, const Node& node, Owner& owner,
                const Context& context) const {
    auto found = std::ranges::find_if(keys_, [&](const auto& k) { return k->name == name.text; });
    const Context inner = context.key(name.text);
    if (found == keys_.end()) {
      std::vector<std::string> known;
      for (const auto& key : keys_) known.push_back(key->name);
      inner.error(name.mark, unknown_key(name.text, known));
      return;
    }
    context.report.remember(inner.path, node.mark);
    (*found)->read(node, owner, inner);
  }

  static bool same(const Node& a, const Node& b) {
    if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size()) return false;
    for (size_t i = 0; i < a.items.size(); ++i) {
      if (!same(a.items[i], b.items[i])) return false;
      if (a.kind == Node::Kind::map && a.keys[i].text != b.keys[i].text) return false;
    }
    return true;
  }

  std::vector<std::unique_ptr<Key>> keys_;
  Finish finish_;
};

}  // namespace warmgate::config
