// Codecs of single values: booleans, numbers, sizes, durations, choices.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/codec.h"

namespace warmgate::config {

CodecPtr<bool> boolean();

CodecPtr<double> number(double min, double max);

template <std::unsigned_integral T>
CodecPtr<T> integer(T min, T max);

// In bytes.
template <std::unsigned_integral T>
CodecPtr<T> size(T min, T max);

// `zero` says what 0 stands for below `min`, such as "no limit"; empty when 0 is not special.
CodecPtr<Duration> duration(Duration min, Duration max, std::string zero = {});

// One of several words.
template <class E>
class ChoiceCodec : public Codec<E> {
 public:
  explicit ChoiceCodec(std::vector<std::pair<std::string, E>> choices)
      : choices_(std::move(choices)) {}

  void read(const Node& node, E& value, const Context& context) const override {
    const std::string* text = scalar_text(node, type(), context);
    if (text == nullptr) return;
    std::vector<std::string_view> names;
    for (const auto& [name, choice] : choices_) {
      if (name == *text) {
        value = choice;
        return;
      }
      names.push_back(name);
    }
    std::string_view near = probably_meant(*text, names);
    context.error(node.mark, must_be(type(), node) +
                                 (near.empty() ? "" : "; did you mean " + quote(near) + "?"));
  }

  Node write(const E& value) const override {
    for (const auto& [name, choice] : choices_) {
      if (choice == value) return Node::word(name);
    }
    return Node::word(choices_.front().first);
  }

  Node schema() const override {
    Node names = Node::list();
    for (const auto& [name, choice] : choices_) names.items.push_back(Node::quoted(name));
    return Node::map().add("enum", std::move(names));
  }

  std::string type() const override {
    std::string out = "one of ";
    for (const auto& [name, choice] : choices_) {
      out += (name == choices_.front().first ? "" : ", ") + quote(name);
    }
    return out;
  }

 private:
  std::vector<std::pair<std::string, E>> choices_;
};

template <class E>
CodecPtr<E> choice(std::initializer_list<std::pair<std::string, E>> choices) {
  return std::make_shared<ChoiceCodec<E>>(std::vector(choices));
}

}  // namespace warmgate::config
