// libFuzzer target: any bytes as a request target. The first byte chooses the method.
//
// Holds.  We take what the grammar takes, here a regular expression, and split it up as that does.
//         A request line of HTTP/1 and a ":path" of HTTP/2 say the same. And a target that was
//         split up, put together again, is the same.
#include "http/target.h"

#include <cstdint>
#include <regex>
#include <string>

#include "base/assert.h"
#include "http/head_parser.h"
#include "http/header_block.h"

namespace warmgate::http {
namespace {

constexpr size_t kLongest = 512;  // std::regex goes one call deeper with each byte

struct Target {
  bool taken = false;
  std::string authority, path;

  bool operator==(const Target&) const = default;
};

Target by_grammar(Method method, const std::string& text) {
  static const std::regex kGrammar(
      "([hH][tT][tT][pP][sS]?://"                                 // absolute form:
      "((?:\\[[0-9A-Fa-f.:]{2,}\\]|[-0-9A-Za-z._~!$&'()*+,;=]+)"  // an address or a name,
      "(?::([0-9]{0,5}))?))?"                                     // and a port
      "(/[!-\"$-~]*)?");                                          // a path, with its query
  const bool options = method == Method::options;
  if (text == "*") return options ? Target{true, "", "*"} : Target{};
  std::smatch match;
  if (text.empty() || !std::regex_match(text, match, kGrammar)) return {};
  if (match[3].length() > 0 && std::stoi(match[3]) > 65535) return {};
  return {true, match[2], match[4].matched ? match[4].str() : options ? "*" : "/"};
}

Target parsed(Method method, std::string_view text) {
  RequestHead head;
  head.method = method;
  if (parse_target(text, head) != nullptr) return {};
  return {true, std::string(head.authority), std::string(head.target)};
}

Target through_http1(const std::string& method, const std::string& text) {
  const std::string wire = method + " " + text + " HTTP/1.1\r\nHost: h\r\n\r\n";
  HeadParser parser;
  RequestHead head;
  if (parser.parse_request(wire, head) != ParseStatus::complete) return {};
  WG_ASSERT(parser.consumed() == wire.size(), "a target ends no head");
  return {true, std::string(head.authority), std::string(head.target)};
}

Target through_http2(const std::string& method, const std::string& text) {
  HeaderBlock block{HeadLimits()};
  RequestHead head;
  block.add(":method", method);
  block.add(":scheme", "https");
  block.add(":authority", "h");
  block.add(":path", text);
  if (!block.finish_request(true, head)) return {};
  return {true, std::string(head.authority), std::string(head.target)};
}

void check(bool options, const std::string& text) {
  const Method method = options ? Method::options : Method::get;
  const std::string name = options ? "OPTIONS" : "GET";
  Target target = parsed(method, text);
  WG_ASSERT(target == by_grammar(method, text), "not what the grammar says");
  if (target.taken && !target.authority.empty()) {
    const std::string path = target.path == "*" ? "" : target.path;
    WG_ASSERT(parsed(method, "https://" + target.authority + path) == target, "put together");
  }

  const bool is_path = target.authority.empty();
  if (target.taken && is_path) target.authority = "h";  // as the fields say
  if (text.find_first_of("\r\n") == std::string::npos) {
    WG_ASSERT(through_http1(name, text) == target, "HTTP/1 reads it otherwise");
  }
  WG_ASSERT(through_http2(name, text) == (is_path ? target : Target{}),
            "HTTP/2 reads it otherwise");
}

}  // namespace
}  // namespace warmgate::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > warmgate::http::kLongest) return 0;
  warmgate::http::check((data[0] & 1) != 0, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
