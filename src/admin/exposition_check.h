// A strict reader of the Prometheus text format 0.0.4 for tests: what it says nothing about, every
// scraper takes.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace warmgate::admin {

class ExpositionCheck {
 public:
  explicit ExpositionCheck(const std::string& text) {
    if (!text.ends_with('\n')) complain("the last line has no end");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read_line(line);
    check_histograms();
  }

  const std::vector<std::string>& problems() const { return problems_; }
  const std::map<std::string, std::string>& families() const { return types_; }  // name -> type
  size_t series() const { return values_.size(); }

  // Of a series as written, such as `up{job="x"}`.
  double value(const std::string& series) const {
    const auto it = values_.find(series);
    return it == values_.end() ? std::numeric_limits<double>::quiet_NaN() : it->second;
  }

 private:
  void complain(const std::string& what) { problems_.push_back(what); }

  static bool is_name(const std::string& text, bool colon) {
    const auto good = [colon](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (colon && c == ':');
    };
    return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
           std::all_of(text.begin(), text.end(), good);
  }

  void read_line(const std::string& line) {
    if (line.starts_with("# HELP ")) return begin_family(line.substr(7));
    if (line.starts_with("# TYPE ")) return read_type(line.substr(7));
    if (line.empty() || line[0] == '#') return complain("a stray line: " + line);
    read_sample(line);
  }

  void begin_family(const std::string& rest) {
    family_ = rest.substr(0, rest.find(' '));
    if (!is_name(family_, true)) complain("no metric name: " + rest);
    if (rest.size() < family_.size() + 3) complain("no help: " + rest);
    if (!helped_.insert(family_).second) complain("a family stands here twice: " + family_);
  }

  void read_type(const std::string& rest) {
    static const std::set<std::string> kTypes = {"counter", "gauge", "histogram", "summary"};
    const size_t space = rest.find(' ');
    const std::string type = space == std::string::npos ? "" : rest.substr(space + 1);
    if (rest.substr(0, space) != family_) complain("TYPE without HELP before it: " + rest);
    if (!kTypes.contains(type)) complain("unknown type: " + rest);
    if ((type == "counter") != family_.ends_with("_total")) {
      complain("counters, and only they, end in _total: " + family_);
    }
    types_[family_] = type;
  }

  void read_sample(const std::string& line) {
    const size_t name_end = line.find_first_of("{ ");
    const std::string name = line.substr(0, name_end);
    if (!is_name(name, true)) return complain("no metric name: " + line);
    size_t at = name.size();
    std::map<std::string, std::string> labels;
    if (line[at] == '{' && !read_labels(line, at, labels)) return complain("bad labels: " + line);
    if (at >= line.size() || line[at] != ' ') return complain("no value: " + line);
    const std::string value = line.substr(at + 1);
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0') return complain("no number: " + line);
    check_belongs(name, labels);
    if (!values_.emplace(line.substr(0, at), number).second) complain("twice: " + line);
    if (number < 0 && types_[family_] != "gauge") complain("less than nothing: " + line);
    if (name == family_ + "_bucket" || name == family_ + "_count") note(name, labels, number);
  }

  // Leaves `at` behind the closing brace.
  static bool read_labels(const std::string& line, size_t& at,
                          std::map<std::string, std::string>& labels) {
    while (at < line.size() && line[at] != '}') {
      const size_t equals = line.find("=\"", ++at);
      if (equals == std::string::npos) return false;
      const std::string name = line.substr(at, equals - at);
      std::string value;
      for (at = equals + 2; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == '\\' && std::string("\\\"n").find(line[++at]) == std::string::npos) {
          return false;
        }
        value += line[at];
      }
      if (!is_name(name, false) || !labels.emplace(name, value).second) return false;
      if (++at >= line.size() || (line[at] != ',' && line[at] != '}')) return false;
    }
    return at++ < line.size();
  }

  void check_belongs(const std::string& name, const std::map<std::string, std::string>& labels) {
    const std::string& type = types_[family_];
    std::set<std::string> names = {family_};
    if (type == "histogram") names = {family_ + "_bucket", family_ + "_sum", family_ + "_count"};
    if (type == "summary") names.insert({family_ + "_sum", family_ + "_count"});
    if (!names.contains(name)) complain(name + " is no sample of the family " + family_);
    if (labels.contains("le") != name.ends_with("_bucket")) complain("`le` belongs to buckets");
    if (labels.contains("quantile") && type != "summary") complain("`quantile` in " + family_);
  }

  struct Histogram {
    std::vector<std::pair<double, double>> buckets;  // bound, count
    double count = -1;
  };

  void note(const std::string& name, std::map<std::string, std::string> labels, double number) {
    if (types_[family_] != "histogram") return;
    const std::string bound = labels["le"];
    labels.erase("le");
    std::string key = family_;
    for (const auto& [label, value] : labels) {
      key.append("|").append(label).append("=").append(value);
    }
    Histogram& histogram = histograms_[key];
    if (name.ends_with("_count")) {
      histogram.count = number;
    } else {
      histogram.buckets.emplace_back(std::strtod(bound.c_str(), nullptr), number);
    }
  }

  void check_histograms() {
    for (const auto& [key, histogram] : histograms_) {
      const auto& buckets = histogram.buckets;
      for (size_t i = 1; i < buckets.size(); ++i) {
        if (buckets[i].first <= buckets[i - 1].first) complain("bounds out of order: " + key);
        if (buckets[i].second < buckets[i - 1].second) complain("not cumulative: " + key);
      }
      const bool ends = !buckets.empty() && std::isinf(buckets.back().first);
      if (!ends || buckets.back().second != histogram.count) complain("+Inf is not all: " + key);
    }
  }

  std::string family_;
  std::set<std::string> helped_;
  std::map<std::string, std::string> types_;
  std::map<std::string, double> values_;
  std::map<std::string, Histogram> histograms_;
  std::vector<std::string> problems_;
};

}  // namespace warmgate::admin
