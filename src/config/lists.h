// Codecs of what there may be many of, or none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/codec.h"

namespace warmgate::config {

// At most kMaxItems items, so that what is quadratic in them stays quick.
inline constexpr size_t kMaxItems = 1'000;

// A list; a single item may stand without the list around it, unless it is a map.
template <class T>
class ListCodec : public Codec<std::vector<T>> {
 public:
  ListCodec(CodecPtr<T> item, size_t min, size_t max)
      : item_(std::move(item)), min_(min), max_(max) {}

  void read(const Node& node, std::vector<T>& value, const Context& context) const override {
    const bool is_list = node.kind == Node::Kind::list;
    if (!is_list && item_->has_keys()) {
      context.error(node.mark, must_be(type(), node));
      return;
    }
    const size_t count = is_list ? node.items.size() : 1;
    if (count < min_ || count > max_) {
      context.error(node.mark, "must have " + std::to_string(min_) + " to " + std::to_string(max_) +
                                   " items, not " + std::to_string(count));
      return;
    }
    value.clear();
    for (size_t i = 0; i < count; ++i) {
      const Node& item = is_list ? node.items[i] : node;
      const Context inner = is_list ? context.item(i) : context;
      context.report.remember(context.item(i).path, item.mark);
      item_->read(item, value.emplace_back(), inner);
    }
  }

  Node write(const std::vector<T>& value) const override {
    Node list = Node::list();
    for (const T& item : value) list.items.push_back(item_->write(item));
    return list;
  }

  Node schema() const override {
    Node list = Node::map().add("type", Node::quoted("array"));
    list.add("items", item_->schema());
    if (min_ > 0) list.add("minItems", Node::literal(std::to_string(min_)));
    list.add("maxItems", Node::literal(std::to_string(max_)));
    if (item_->has_keys()) return list;
    Node either = Node::list({item_->schema(), std::move(list)});
    return Node::map().add("anyOf", std::move(either));
  }

  std::string type() const override {
    return item_->has_keys() ? "a list of maps" : "a list; each " + item_->type();
  }
  bool has_keys() const override { return item_->has_keys(); }
  std::string_view path_suffix() const override { return "[]"; }
  void list_keys(const std::string& path, std::vector<KeyRow>& rows) const override {
    item_->list_keys(path, rows);
  }

 private:
  CodecPtr<T> item_;
  size_t min_;
  size_t max_;
};

// A value, or a word that stands for none.
template <class T>
class OptionalCodec : public Codec<std::optional<T>> {
 public:
  OptionalCodec(CodecPtr<T> inner, std::string word)
      : inner_(std::move(inner)), word_(std::move(word)) {}

  void read(const Node& node, std::optional<T>& value, const Context& context) const override {
    if (node.kind == Node::Kind::scalar && node.text == word_) {
      value.reset();
      return;
    }
    inner_->read(node, value.emplace(), context);
  }
  Node write(const std::optional<T>& value) const override {
    return value ? inner_->write(*value) : Node::word(word_);
  }
  Node schema() const override {
    Node word = Node::map().add("const", Node::quoted(word_));
    return Node::map().add("anyOf", Node::list({inner_->schema(), std::move(word)}));
  }
  std::string type() const override { return inner_->type() + ", or `" + word_ + "`"; }

 private:
  CodecPtr<T> inner_;
  std::string word_;
};

template <class T>
CodecPtr<std::vector<T>> list_of(CodecPtr<T> item, size_t min = 0, size_t max = kMaxItems) {
  return std::make_shared<ListCodec<T>>(std::move(item), min, max);
}

template <class T>
CodecPtr<std::optional<T>> or_word(CodecPtr<T> inner, std::string word) {
  return std::make_shared<OptionalCodec<T>>(std::move(inner), std::move(word));
}

}  // namespace warmgate::config
