// Codec<T>: all there is to know about one type of value in the configuration. The table in keys.cc
// puts codecs together; reading, printing, the JSON Schema and the reference all come from it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/report.h"

namespace warmgate::config {

// Where in the configuration a value is read, and whom to tell what is wrong with it.
struct Context {
  Report& report;
  std::string path;

  Context key(std::string_view name) const {
    return {report, path.empty() ? std::string(name) : path + "." + std::string(name)};
  }
  Context item(size_t index) const { return {report, path + "[" + std::to_string(index) + "]"}; }
  void error(Mark mark, std::string message) const { report.error(mark, path, std::move(message)); }
};

// One row of the reference.
struct KeyRow {
  std::string path;  // such as services[].slo
  std::string type;  // such as "duration, 1ms to 1h"
  std::string fallback;
  std::string doc;
  bool section = false;  // a map or a list of maps, whose own keys follow
};

template <class T>
class Codec {
 public:
  using Value = T;
  virtual ~Codec() = default;

  // Sets `value`, or tells `context` why not. `value` keeps its default where nothing is read.
  virtual void read(const Node& node, T& value, const Context& context) const = 0;
  // What read() reads back.
  virtual Node write(const T& value) const = 0;
  // JSON Schema for what read() takes. It may take a little more: not every form is a pattern.
  virtual Node schema() const = 0;
  // In words, for the reference and for messages ("must be TYPE").
  virtual std::string type() const = 0;

  // For what has keys of its own: their rows, under `path`, to which `path_suffix` belongs.
  virtual bool has_keys() const { return false; }
  virtual std::string_view path_suffix() const { return ""; }
  virtual void list_keys(const std::string& /*path*/, std::vector<KeyRow>& /*rows*/) const {}
};

template <class T>
using CodecPtr = std::shared_ptr<const Codec<T>>;

// The text of a scalar. An error, and nullptr, for anything else.
const std::string* scalar_text(const Node& node, const std::string& type, const Context& context);

// The candidate that was probably meant; empty when none is near. Long words are not looked at:
// no name is long, and the comparison's cost grows with the word.
std::string_view probably_meant(std::string_view word,
                                std::span<const std::string_view> candidates);

// "must be TYPE, not `what stands there`".
std::string must_be(const std::string& type, const Node& node);

}  // namespace warmgate::config
