#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/axis.h"

namespace warmgate::plan {

// Chart draws lines, areas and points over two axes as inline SVG.
//
// Model.   Colours are CSS classes: "s3" of a line has the page's third colour as stroke, of an
//          area or a point as fill; so the page can turn dark. What is outside of the axes stands
//          at their ends.
// Bounds.  As many elements as are added.
class Chart {
 public:
  using Points = std::vector<std::pair<double, double>>;

  Chart(Axis x, Axis y, double height = 300);

  void line(const Points& points, std::string_view style, std::string_view title);
  void area(const Points& points, std::string_view style);  // down to the x axis
  void point(double x, double y, double radius, std::string_view style, std::string_view title);
  void vertical(double x, std::string_view text);  // a thin line across
  void horizontal(double y, std::string_view text);
  // From these values to the right and up: what is no better than them.
  void corner(double x, double y, std::string_view text);

  std::string svg(std::string_view description) const;

 private:
  double at_x(double value) const;
  double at_y(double value) const;
  std::string path(const Points& points) const;
  void text(double x, double y, std::string_view style, std::string_view content);

  Axis x_, y_;
  double height_;
  std::string body_;
};

// For text and attribute values in HTML and SVG.
std::string escaped(std::string_view text);

}  // namespace warmgate::plan
