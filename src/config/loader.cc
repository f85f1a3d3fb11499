#include "config/loader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "base/result.h"
#include "config/checks.h"
#include "config/codec.h"
#include "config/keys.h"
#include "config/yaml.h"

namespace warmgate::config {
namespace {

Loaded finish(std::optional<Config> config, std::string source, const Report& report) {
  Loaded out;
  if (report.ok()) out.config = std::move(config);
  out.source = std::move(source);
  out.errors = report.errors();
  std::ranges::stable_sort(out.errors, {}, [](const Problem& problem) {
    return std::pair(problem.mark.line, problem.mark.column);
  });
  out.errors_left_out = report.left_out();
  out.hints = report.hints();
  return out;
}

Loaded load_tree(const Node& tree, std::string source, Report& report) {
  Config config;
  config_codec().read(tree, config, Context{report, ""});
  // Conflicts between values that are wrong anyway would only confuse.
  if (report.ok()) check_whole(config, report);
  return finish(std::move(config), std::move(source), report);
}

std::string lines(const char* head, const std::vector<Problem>& problems,
                  const std::string& source) {
  std::string out;
  for (const Problem& problem : problems) {
    if (!out.empty()) out += "\n";
    out += head + to_text(problem, source);
  }
  return out;
}

// Reads one byte more than may be, so that the parser sees that it is too long.
std::string read_bounded(std::istream& in) {
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

Result<std::string> read_text(const std::string& path) {
  if (path == "-") return read_bounded(std::cin);
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) return Error{"is a directory, not a file"};
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{std::string("cannot be read: ") + std::strerror(errno)};
  return read_bounded(in);
}

Node flag(const char* name, Node value) {
  value.mark.flag = name;
  return value;
}

Node flag_list(const char* name, const std::vector<std::string>& values) {
  Node list = Node::list();
  for (const std::string& value : values) list.items.push_back(flag(name, Node::word(value)));
  return flag(name, std::move(list));
}

// Adds what was given; the rest keeps its default.
class FlagMap {
 public:
  FlagMap& one(const char* key, const char* name, const std::string& value) {
    if (!value.empty()) map_.add(key, flag(name, Node::word(value)));
    return *this;
  }
  FlagMap& many(const char* key, const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) map_.add(key, flag_list(name, values));
    return *this;
  }
  FlagMap& part(const char* key, Node map) {
    if (!map.items.empty()) map_.add(key, std::move(map));
    return *this;
  }
  Node take() { return std::move(map_); }

 private:
  Node map_ = Node::map();
};

Node service_tree(const QuickForm& form) {
  Node always_on = FlagMap()
                       .many("backends", "--always-on", form.always_on)
                       .one("concurrency", "--always-on-concurrency", form.always_on_concurrency)
                       .take();
  Node serverless = FlagMap()
                        .many("backends", "--serverless", form.serverless)
                        .one("concurrency", "--serverless-concurrency", form.serverless_concurrency)
                        .one("max_instances", "--max-instances", form.max_instances)
                        .one("expected_cold_start", "--cold-start", form.cold_start)
                        .one("idle_lifetime", "--idle-lifetime", form.idle_lifetime)
                        .take();
  Node model = FlagMap().one("name", "--model", form.model).take();
  FlagMap service;
  service.part("always_on", std::move(always_on)).part("serverless", std::move(serverless));
  service.one("slo", "--slo", form.slo).one("prefer", "--prefer", form.prefer);
  for (const char* asked : {"health", "wake"}) {
    service.part(asked, FlagMap().one("path", "--ready-path", form.ready_path).take());
  }
  service.part("model", std::move(model));
  return service.take().add("name", Node::word("default"));
}

}  // namespace

std::string Loaded::error_text() const {
  std::string out = lines("", errors, source);
  if (errors_left_out > 0) out += "\nand " + std::to_string(errors_left_out) + " more";
  return out;
}

std::string Loaded::hint_text() const {
  return lines("hint: ", hints, source);
}

Loaded load_text(std::string_view yaml, std::string source) {
  Report report;
  std::optional<Node> tree = parse_yaml(yaml, report);
  if (!tree) return finish(std::nullopt, std::move(source), report);
  if (tree->kind == Node::Kind::null) *tree = Node::map();  // an empty file lacks its services
  return load_tree(*tree, std::move(source), report);
}

Loaded load_file(const std::string& path) {
  Result<std::string> text = read_text(path);
  if (text) return load_text(*text, path == "-" ? "standard input" : path);
  Report report;
  report.error({}, "", text.error().message);
  Loaded out = finish(std::nullopt, path, report);
  out.unreadable = true;
  return out;
}

Loaded from_quick_form(const QuickForm& form) {
  Report report;
  if (form.always_on.empty() && form.serverless.empty()) {
    report.error({}, "", "give --always-on URL and --serverless URL, or -c FILE");
    return finish(std::nullopt, "", report);
  }
  FlagMap root;
  root.many("listen", "--listen", form.listen).one("admin", "--admin", form.admin);
  root.one("threads", "--threads", form.threads);
  root.part("log", FlagMap()
                       .one("format", "--log-format", form.log_format)
                       .one("level", "--log-level", form.log_level)
                       .take());
  Node certificate = FlagMap()
                         .one("certificate", "--tls-certificate", form.tls_certificate)
                         .one("key", "--tls-key", form.tls_key)
                         .take();
  if (!certificate.items.empty()) {
    root.part("tls", Node::map().add("certificates", Node::list({std::move(certificate)})));
  }
  root.part("services", Node::list({service_tree(form)}));
  return load_tree(root.take(), "", report);
}

}  // namespace warmgate::config
