#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace warmgate::workload {

// ColumnSum says how a number follows from a row's columns: "generated_tokens*0.02",
// "0.4+context_tokens*0.0002+generated_tokens*0.02".
//
// Grammar.  term ('+' term)*, where a term is NAME, NAME*NUMBER or NUMBER. A name is any text
//           without '+' and '*' that is no number.
// Bounds.   kMaxTerms terms.
struct ColumnSum {
  static constexpr size_t kMaxTerms = 16;

  struct Term {
    std::string column;
    double scale = 1;
  };
  std::vector<Term> terms;
  double constant = 0;
};

// The error shows how it is written.
Result<ColumnSum> parse_column_sum(std::string_view text);

}  // namespace warmgate::workload
