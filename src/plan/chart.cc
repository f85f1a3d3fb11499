#include "plan/chart.h"

#include "plan/text.h"

namespace warmgate::plan {
namespace {

constexpr double kWidth = 920;
constexpr double kLeft = 78, kRight = 16, kTop = 14, kBottom = 46;

std::string xy(double value) {
  return with_places(value, 1);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

Chart::Chart(Axis x, Axis y, double height) : x_(std::move(x)), y_(std::move(y)), height_(height) {}

double Chart::at_x(double value) const {
  return kLeft + x_.place(value) * (kWidth - kLeft - kRight);
}

double Chart::at_y(double value) const {
  return height_ - kBottom - y_.place(value) * (height_ - kTop - kBottom);
}

std::string Chart::path(const Points& points) const {
  std::string path;
  for (const auto& [x, y] : points) {
    path += (path.empty() ? "M" : "L") + xy(at_x(x)) + " " + xy(at_y(y));
  }
  return path;
}

void Chart::line(const Points& points, std::string_view style, std::string_view title) {
  if (points.empty()) return;
  body_ += "<path class=\"line " + std::string(style) + "\" d=\"" + path(points) + "\"><title>" +
           escaped(title) + "</title></path>\n";
}

void Chart::area(const Points& points, std::string_view style) {
  if (points.empty()) return;
  const std::string floor = xy(height_ - kBottom);
  body_ += "<path class=\"area " + std::string(style) + "\" d=\"" + path(points) + "L" +
           xy(at_x(points.back().first)) + " " + floor + "L" + xy(at_x(points.front().first)) +
           " " + floor + "Z\"/>\n";
}

void Chart::point(double x, double y, double radius, std::string_view style,
                  std::string_view title) {
  body_ += "<circle class=\"point " + std::string(style) + "\" cx=\"" + xy(at_x(x)) + "\" cy=\"" +
           xy(at_y(y)) + "\" r=\"" + xy(radius) + "\"><title>" + escaped(title) +
           "</title></circle>\n";
}

void Chart::text(double x, double y, std::string_view style, std::string_view content) {
  body_ += "<text class=\"" + std::string(style) + "\" x=\"" + xy(x) + "\" y=\"" + xy(y) + "\">" +
           escaped(content) + "</text>\n";
}

void Chart::vertical(double x, std::string_view content) {
  const std::string at = xy(at_x(x));
  body_ += "<line class=\"limit\" x1=\"" + at + "\" x2=\"" + at + "\" y1=\"" + xy(kTop) +
           "\" y2=\"" + xy(height_ - kBottom) + "\"/>\n";
  text(at_x(x) + 5, kTop + 12, "note", content);
}

void Chart::horizontal(double y, std::string_view content) {
  const std::string at = xy(at_y(y));
  body_ += "<line class=\"limit\" x1=\"" + xy(kLeft) + "\" x2=\"" + xy(kWidth - kRight) +
           "\" y1=\"" + at + "\" y2=\"" + at + "\"/>\n";
  text(kWidth - kRight - 4, at_y(y) - 5, "note end", content);
}

void Chart::corner(double x, double y, std::string_view content) {
  const double left = at_x(x), bottom = at_y(y);
  body_ += "<path class=\"corner\" d=\"M" + xy(left) + " " + xy(kTop) + "V" + xy(bottom) + "H" +
           xy(kWidth - kRight) + "\"/>\n";
  text(left + 8, bottom + 16, "note", content);
}

std::string Chart::svg(std::string_view description) const {
  const std::string floor = xy(height_ - kBottom);
  std::string svg = "<svg viewBox=\"0 0 " + xy(kWidth) + " " + xy(height_) +
                    "\" role=\"img\" aria-label=\"" + escaped(description) + "\">\n";
  for (const Axis::Mark& mark : y_.marks()) {
    const std::string at = xy(at_y(mark.value));
    svg += "<line class=\"grid\" x1=\"" + xy(kLeft) + "\" x2=\"" + xy(kWidth - kRight) +
           "\" y1=\"" + at + "\" y2=\"" + at + "\"/><text class=\"mark end\" x=\"" + xy(kLeft - 8) +
           "\" y=\"" + xy(at_y(mark.value) + 4) + "\">" + escaped(mark.text) + "</text>\n";
  }
  for (const Axis::Mark& mark : x_.marks()) {
    const std::string at = xy(at_x(mark.value));
    svg += "<line class=\"grid\" x1=\"" + at + "\" x2=\"" + at + "\" y1=\"" + xy(kTop) +
           "\" y2=\"" + floor + "\"/><text class=\"mark middle\" x=\"" + at + "\" y=\"" +
           xy(height_ - kBottom + 17) + "\">" + escaped(mark.text) + "</text>\n";
  }
  svg += "<text class=\"label middle\" x=\"" + xy((kLeft + kWidth - kRight) / 2) + "\" y=\"" +
         xy(height_ - 8) + "\">" + escaped(x_.label()) + "</text>\n";
  svg += "<text class=\"label middle\" transform=\"translate(14 " +
         xy((kTop + height_ - kBottom) / 2) + ") rotate(-90)\">" + escaped(y_.label()) +
         "</text>\n";
  return svg + body_ + "</svg>\n";
}

}  // namespace warmgate::plan
