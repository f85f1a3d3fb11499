// Report: what is wrong with a configuration, or looks wrong, in the order it was found.
//
// Bounds.  At most kMaxErrors errors and as many hints are kept; further ones are counted.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace warmgate::config {

struct Problem {
  Mark mark;
  std::string key;      // path such as services[0].serverless.concurrency; may be empty
  std::string message;  // what is wrong and what to do
};

class Report {
 public:
  static constexpr size_t kMaxErrors = 20;

  void error(Mark mark, std::string_view key, std::string message);

  // By key alone, for checks that look at the whole: the mark is that of the key, or of the nearest
  // key above that was written.
  void error_at(std::string_view key, std::string message);
  void hint_at(std::string_view key, std::string message);

  // Says that the value of this key was written there.
  void remember(std::string_view key, Mark mark);

  bool ok() const { return errors_.empty(); }
  const std::vector<Problem>& errors() const { return errors_; }
  const std::vector<Problem>& hints() const { return hints_; }
  size_t left_out() const { return left_out_; }  // errors beyond kMaxErrors

 private:
  Mark find(std::string_view key) const;

  std::vector<Problem> errors_;
  std::vector<Problem> hints_;
  size_t left_out_ = 0;
  std::map<std::string, Mark, std::less<>> marks_;
};

// "warmgate.yaml:3:7: services[0].slo: must be ..." or, for a flag, "--slo: must be ...".
std::string to_text(const Problem& problem, std::string_view file);

// `text` between backquotes for a message: shortened, and without control characters.
std::string quote(std::string_view text);

}  // namespace warmgate::config
