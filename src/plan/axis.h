#pragma once

#include <string>
#include <utility>
#include <vector>

namespace warmgate::plan {

// Axis maps values to a picture's coordinates, and says where its marks stand.
//
// Model.   Linear, logarithmic, or time (linear in seconds, marked at whole minutes, hours, days).
// Bounds.  Some 4 to 9 marks.
// Source.  Marks at 1, 2 and 5 times powers of ten (Heckbert 1990, "Nice numbers").
class Axis {
 public:
  enum class Kind { linear, logarithmic, time };

  // Logarithmic: 0 < least; what is below counts as least. An empty range is made wider.
  Axis(Kind kind, double least, double most, std::string label);

  // 0 at the least, 1 at the most; values outside are moved to the ends.
  double place(double value) const;

  struct Mark {
    double value;
    std::string text;
  };
  std::vector<Mark> marks() const;

  double least() const { return least_; }
  double most() const { return most_; }
  const std::string& label() const { return label_; }

  // How marks are written; by default as numbers.
  using Format = std::string (*)(double);
  Axis& written(Format format) {
    format_ = format;
    return *this;
  }

 private:
  Kind kind_;
  double least_, most_;
  std::string label_;
  Format format_ = nullptr;
};

}  // namespace warmgate::plan
