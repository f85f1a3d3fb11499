#include "config/values.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "config/size.h"

namespace warmgate::config {
namespace {

std::string shortest(double value) {
  char buffer[32];
  auto [end, failure] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return failure == std::errc{} ? std::string(buffer, end) : "0";
}

Node bounds_schema(const char* type, std::string min, std::string max) {
  return Node::map()
      .add("type", Node::quoted(type))
      .add("minimum", Node::literal(std::move(min)))
      .add("maximum", Node::literal(std::move(max)));
}

// A text of this shape, or the number 0, which needs no unit.
Node unit_schema(std::string pattern) {
  Node text = Node::map().add("type", Node::quoted("string"));
  text.add("pattern", Node::quoted(std::move(pattern)));
  Node zero = Node::map().add("const", Node::literal("0"));
  return Node::map().add("anyOf", Node::list({std::move(text), std::move(zero)}));
}

class BooleanCodec : public Codec<bool> {
 public:
  void read(const Node& node, bool& value, const Context& context) const override {
    const bool plain = node.kind == Node::Kind::scalar && node.style != Node::Style::quoted;
    if (!plain || (node.text != "true" && node.text != "false")) {
      context.error(node.mark, must_be(type(), node));
      return;
    }
    value = node.text == "true";
  }
  Node write(const bool& value) const override { return Node::boolean(value); }
  Node schema() const override { return Node::map().add("type", Node::quoted("boolean")); }
  std::string type() const override { return "true or false"; }
};

class NumberCodec : public Codec<double> {
 public:
  NumberCodec(double min, double max) : min_(min), max_(max) {}

  void read(const Node& node, double& value, const Context& context) const override {
    const std::string* text = scalar_text(node, type(), context);
    if (text == nullptr) return;
    double parsed = 0;
    auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    const bool whole = failure == std::errc{} && end == text->data() + text->size();
    if (!whole || node.style == Node::Style::quoted || !(parsed >= min_ && parsed <= max_)) {
      context.error(node.mark, must_be(type(), node));
      return;
    }
    value = parsed == 0 ? 0 : parsed;  // not -0
  }
  Node write(const double& value) const override { return Node::literal(shortest(value)); }
  Node schema() const override { return bounds_schema("number", shortest(min_), shortest(max_)); }
  std::string type() const override {
    return "a number from " + shortest(min_) + " to " + shortest(max_);
  }

 private:
  double min_;
  double max_;
};

template <std::unsigned_integral T>
class IntegerCodec : public Codec<T> {
 public:
  IntegerCodec(T min, T max) : min_(min), max_(max) {}

  void read(const Node& node, T& value, const Context& context) const override {
    const std::string* text = scalar_text(node, type(), context);
    if (text == nullptr) return;
    std::optional<uint64_t> parsed = parse_uint(*text);
    if (!parsed || node.style == Node::Style::quoted || *parsed < min_ || *parsed > max_) {
      context.error(node.mark, must_be(type(), node));
      return;
    }
    value = static_cast<T>(*parsed);
  }
  Node write(const T& value) const override { return Node::literal(std::to_string(value)); }
  Node schema() const override {
    return bounds_schema("integer", std::to_string(min_), std::to_string(max_));
  }
  std::string type() const override {
    return "a whole number from " + std::to_string(min_) + " to " + std::to_string(max_);
  }

 private:
  T min_;
  T max_;
};

template <std::unsigned_integral T>
class SizeCodec : public Codec<T> {
 public:
  SizeCodec(T min, T max) : min_(min), max_(max) {}

  void read(const Node& node, T& value, const Context& context) const override {
    const std::string* text = scalar_text(node, type(), context);
    if (text == nullptr) return;
    std::optional<uint64_t> parsed = parse_size(*text);
    if (!parsed || *parsed < min_ || *parsed > max_) {
      const bool bare = !parsed && parse_uint(*text);
      context.error(node.mark, must_be(type(), node) + (bare ? ", which has no unit" : ""));
      return;
    }
    value = static_cast<T>(*parsed);
  }
  Node write(const T& value) const override { return Node::word(format_size(value)); }
  Node schema() const override {
    return unit_schema("^[0-9]+(\\.[0-9]+)? *([kKmMgGtT][iI]?)?[bB]$|^0$");
  }
  std::string type() const override {
    return "a size with its unit, " + format_size(min_) + " to " + format_size(max_);
  }

 private:
  T min_;
  T max_;
};

class DurationCodec : public Codec<Duration> {
 public:
  DurationCodec(Duration min, Duration max, std::string zero)
      : min_(min), max_(max), zero_(std::move(zero)) {}

  void read(const Node& node, Duration& value, const Context& context) const override {
    const std::string* text = scalar_text(node, type(), context);
    if (text == nullptr) return;
    std::optional<Duration> parsed = parse_duration(*text);
    const bool zero = parsed == Duration::zero() && !zero_.empty();
    if (!parsed || (!zero && (*parsed < min_ || *parsed > max_))) {
      const bool bare = !parsed && parse_uint(*text);
      const std::string remedy = "; it needs a unit: ms, s, m, h or d";
      context.error(node.mark, must_be(type(), node) + (bare ? remedy : ""));
      return;
    }
    value = *parsed;
  }
  Node write(const Duration& value) const override { return Node::word(format_duration(value)); }
  Node schema() const override {
    return unit_schema("^([0-9]+(\\.[0-9]+)?(d|h|m|s|ms|us|ns))+$|^0$");
  }
  std::string type() const override {
    std::string out = "a duration from " + format_duration(min_) + " to " + format_duration(max_);
    return zero_.empty() ? out : out + ", or 0 (" + zero_ + ")";
  }

 private:
  Duration min_;
  Duration max_;
  std::string zero_;
};

}  // namespace

CodecPtr<bool> boolean() {
  return std::make_shared<BooleanCodec>();
}
CodecPtr<double> number(double min, double max) {
  return std::make_shared<NumberCodec>(min, max);
}
template <std::unsigned_integral T>
CodecPtr<T> integer(T min, T max) {
  return std::make_shared<IntegerCodec<T>>(min, max);
}
template <std::unsigned_integral T>
CodecPtr<T> size(T min, T max) {
  return std::make_shared<SizeCodec<T>>(min, max);
}
CodecPtr<Duration> duration(Duration min, Duration max, std::string zero) {
  return std::make_shared<DurationCodec>(min, max, std::move(zero));
}

template CodecPtr<uint32_t> integer(uint32_t, uint32_t);
template CodecPtr<uint64_t> integer(uint64_t, uint64_t);
template CodecPtr<uint32_t> size(uint32_t, uint32_t);
template CodecPtr<uint64_t> size(uint64_t, uint64_t);

}  // namespace warmgate::config
