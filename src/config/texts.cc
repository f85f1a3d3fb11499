#include "config/texts.h"

#include <algorithm>
#include <utility>

#include "config/address.h"

namespace warmgate::config {
namespace {

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}
bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}
std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return text;
}

Node text_schema(std::string pattern) {
  Node schema = Node::map().add("type", Node::quoted("string"));
  if (!pattern.empty()) schema.add("pattern", Node::quoted(std::move(pattern)));
  return schema;
}

// A form that a text must have, and its pattern for the JSON Schema, which may be more lenient.
struct Form {
  std::string type;
  std::string pattern;
  bool (*accepts)(std::string_view);
  std::string (*normalize)(std::string) = nullptr;
};

class TextCodec : public Codec<std::string> {
 public:
  explicit TextCodec(Form form) : form_(std::move(form)) {}

  void read(const Node& node, std::string& value, const Context& context) const override {
    const std::string* text = scalar_text(node, form_.type, context);
    if (text == nullptr) return;
    if (!form_.accepts(*text)) {
      context.error(node.mark, must_be(form_.type, node));
      return;
    }
    value = form_.normalize == nullptr ? *text : form_.normalize(*text);
  }
  Node write(const std::string& value) const override { return Node::quoted(value); }
  Node schema() const override { return text_schema(form_.pattern); }
  std::string type() const override { return form_.type; }

 private:
  Form form_;
};

CodecPtr<std::string> text(Form form) {
  return std::make_shared<TextCodec>(std::move(form));
}

bool is_service_name(std::string_view text) {
  auto allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= 63 && is_alnum(text.front()) &&
         std::ranges::all_of(text, allowed);
}
bool is_request_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= 1'024 && std::ranges::all_of(text, is_visible) &&
         text.find('#') == std::string_view::npos;
}
bool is_path_prefix(std::string_view text) {
  return is_request_path(text) && text.find('?') == std::string_view::npos;
}
bool is_host_pattern(std::string_view text) {
  if (text.starts_with('[')) {
    const bool closed = text.ends_with(']') && text.find(':') != std::string_view::npos;
    return closed && is_host(text.substr(1, text.size() - 2));
  }
  if (text.starts_with("*.")) text.remove_prefix(2);
  return text.find(':') == std::string_view::npos && !text.ends_with('.') && is_host(text);
}
bool is_authority(std::string_view text) {
  Result<Backend> parsed = parse_backend_url("http://" + std::string(text));
  return text.empty() || (parsed && parsed->host_header == text);
}

class ListenCodec : public Codec<ListenAddress> {
 public:
  explicit ListenCodec(bool may_be_tls) : may_be_tls_(may_be_tls) {}

  void read(const Node& node, ListenAddress& value, const Context& context) const override {
    const std::string* text = scalar_text(node, type(), context);
    if (text == nullptr) return;
    Result<ListenAddress> parsed = parse_listen(*text);
    if (!parsed) {
      context.error(node.mark, parsed.error().message);
    } else if (parsed->tls && !may_be_tls_) {
      context.error(node.mark, "speaks no TLS: keep it on loopback, without https://");
    } else {
      value = *parsed;
    }
  }
  Node write(const ListenAddress& value) const override {
    return Node::quoted(format_listen(value));
  }
  Node schema() const override {
    return text_schema(std::string(may_be_tls_ ? "^(https?://)?" : "^(http://)?") +
                       "([^:]*|\\[.*\\]):[0-9]+$");
  }
  std::string type() const override {
    const std::string clear = "an address `HOST:PORT` or `:PORT`";
    return may_be_tls_ ? clear + ", with TLS `https://HOST:PORT`" : clear;
  }

 private:
  const bool may_be_tls_;
};

bool is_field_name(std::string_view name) {
  auto is_token = [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, is_token);
}

class HeaderMatchesCodec : public Codec<std::vector<HeaderMatch>> {
 public:
  void read(const Node& node, std::vector<HeaderMatch>& value,
            const Context& context) const override {
    if (node.kind != Node::Kind::map) {
      context.error(node.mark, must_be(type(), node));
      return;
    }
    for (size_t i = 0; i < node.keys.size(); ++i) {
      read_one(node.keys[i], node.items[i], value, context.key(node.keys[i].text));
    }
  }
  Node write(const std::vector<HeaderMatch>& value) const override {
    Node map = Node::map();
    for (const HeaderMatch& match : value) map.add(match.name, Node::quoted(match.value));
    return map;
  }
  Node schema() const override {
    return Node::map()
        .add("type", Node::quoted("object"))
        .add("additionalProperties", text_schema(""));
  }
  std::string type() const override { return "a map of header names to values"; }

 private:
  static void read_one(const Node::Key& key, const Node& node, std::vector<HeaderMatch>& value,
                       const Context& context) {
    if (!is_field_name(key.text)) {
      context.error(key.mark, quote(key.text) + " is no name of a header");
      return;
    }
    const std::string* text = scalar_text(node, "a text", context);
    if (text == nullptr) return;
    HeaderMatch match{lower_case(key.text), *text};
    if (std::ranges::find(value, match.name, &HeaderMatch::name) != value.end()) {
      context.error(key.mark, "this header stands here twice; names do not depend on case");
    } else if (!is_printable(match.value)) {
      context.error(node.mark, "a header's value is printable ASCII");
    } else {
      value.push_back(std::move(match));
    }
  }
};

}  // namespace

CodecPtr<std::string> service_name() {
  return text(
      {"a name of at most 63 letters, digits, `-`, `_`, `.`, beginning with a letter or digit",
       "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$", is_service_name});
}
CodecPtr<std::string> model_name() {
  return text({"a text of at most 200 printable ASCII characters", "",
               [](std::string_view text) { return text.size() <= 200 && is_printable(text); }});
}
CodecPtr<std::string> path_prefix() {
  return text({"a path that begins with `/`, without query", "^/[^?# ]*$", is_path_prefix});
}
CodecPtr<std::string> request_path() {
  return text({"a path that begins with `/`", "^/[^# ]*$", is_request_path});
}
CodecPtr<std::string> file_name() {
  return text({"the name of a file", "", [](std::string_view text) {
                 return text.size() <= 4'096 && text.find('\0') == std::string_view::npos;
               }});
}
CodecPtr<std::string> tls_name() {
  return text({"a host name or an address, without port", "",
               [](std::string_view text) { return text.empty() || is_host(text); }});
}
CodecPtr<std::string> host_pattern() {
  return text({"a host such as `a.example` or `*.example`, without port",
               "^(\\*\\.)?[A-Za-z0-9_.-]+$|^\\[.*\\]$", is_host_pattern, lower_case});
}
CodecPtr<std::string> cron_line() {
  return text({"a line of cron such as `0 8 * * 1-5`", "^ *([^ ]+ +){4}[^ ]+ *$",
               [](std::string_view text) { return text.size() <= 200 && is_printable(text); }});
}
CodecPtr<std::string> zone_name() {
  return text({"a time zone such as `Europe/Berlin`", "^[A-Za-z0-9_+/-]+$",
               [](std::string_view text) { return text.size() <= 64 && is_printable(text); }});
}
CodecPtr<std::string> field_name() {
  return text(
      {"the name of a header field", "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", is_field_name, lower_case});
}
CodecPtr<std::string> authority() {
  return text({"a host with or without port", "^[^/ ]*$", is_authority});
}
CodecPtr<std::string> backend_url() {
  return text({"an address `http://HOST:PORT` or `https://HOST`",
               "^[Hh][Tt][Tt][Pp][Ss]?://[^?# ]+$", [](std::string_view) { return true; }});
}
CodecPtr<ListenAddress> listen_address() {
  return std::make_shared<ListenCodec>(true);
}
CodecPtr<ListenAddress> admin_address() {
  return std::make_shared<ListenCodec>(false);
}
CodecPtr<std::vector<HeaderMatch>> header_matches() {
  return std::make_shared<HeaderMatchesCodec>();
}

}  // namespace warmgate::config
