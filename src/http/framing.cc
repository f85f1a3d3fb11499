#include "http/framing.h"

#include "http/bytes.h"
#include "http/target.h"

namespace warmgate::http {
namespace {

bool refuse(ParseError& error, uint16_t status, const char* detail) {
  error = {status, detail};
  return false;
}

// One decimal number, nothing else, that fits into a signed 64-bit integer.
bool parse_length(std::string_view text, uint64_t& length) {
  if (text.empty() || text.size() > 19) return false;
  uint64_t value = 0;
  for (char c : text) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  length = value;
  return value <= static_cast<uint64_t>(INT64_MAX);
}

}  // namespace

void FramingFields::note_connection(std::string_view options) {
  if (equals_lower(options, "keep-alive")) [[likely]] {  // as most clients say, who say anything
    ++options_;
    keep_alive_option_ = true;
    return;
  }
  for_each_element(options, [this](std::string_view option) {
    ++options_;
    if (equals_lower(option, "close")) {
      close_option_ = true;
    } else if (equals_lower(option, "keep-alive")) {
      keep_alive_option_ = true;
    } else if (equals_lower(option, "upgrade")) {
      upgrade_option_ = true;
    }
  });
}

void FramingFields::note_expect(std::string_view value) {
  if (equals_lower(value, "100-continue")) expects_continue_ = true;
}

bool FramingFields::decide_body(uint8_t minor_version, Framing& framing, uint64_t& length,
                                ParseError& error) const {
  framing = Framing::none;
  length = 0;
  if (options_ > kMaxConnectionOptions) return refuse(error, 400, "Connection lists too much.");
  if (codings_ != 0) {
    if (minor_version == 0) {
      return refuse(error, 400, "Transfer-Encoding does not exist in HTTP/1.0.");
    }
    if (lengths_ != 0) {
      return refuse(error, 400, "Both Transfer-Encoding and Content-Length are given.");
    }
    if (codings_ > 1) return refuse(error, 400, "Transfer-Encoding is given more than once.");
    if (!equals_lower(coding_, "chunked")) {
      return refuse(error, 501, "The only known Transfer-Encoding is chunked.");
    }
    framing = Framing::chunked;
    return true;
  }
  if (lengths_ != 0) {
    if (lengths_ > 1) return refuse(error, 400, "Content-Length is given more than once.");
    if (!parse_length(length_, length)) return refuse(error, 400, "Content-Length is invalid.");
    framing = Framing::length;
  }
  return true;
}

bool FramingFields::decide_host(RequestHead& head, ParseError& error) const {
  if (hosts_ > 1) return refuse(error, 400, "Host is given more than once.");
  if (hosts_ == 0) {
    return head.minor_version == 0 || refuse(error, 400, "Host is missing.");
  }
  if (!is_valid_authority(host_)) return refuse(error, 400, "Host is invalid.");
  // The authority of an absolute target outranks Host (RFC 9112, 3.2.2).
  if (head.authority.empty()) head.authority = host_;
  return true;
}

bool FramingFields::decide(RequestHead& head, ParseError& error) const {
  if (!decide_host(head, error)) return false;
  if (!decide_body(head.minor_version, head.framing, head.content_length, error)) return false;
  head.keep_alive = keeps_alive(head.minor_version);
  head.wants_upgrade = upgrade_field_ && upgrade_option_ && head.minor_version == 1;
  head.expects_continue =
      expects_continue_ && head.minor_version == 1 && head.framing != Framing::none;
  return true;
}

bool FramingFields::decide(Method request_method, bool upgrade_requested, ResponseHead& head,
                           ParseError& error) const {
  if (!decide_body(head.minor_version, head.framing, head.content_length, error)) return false;
  head.declares_length = head.framing == Framing::length;
  head.keep_alive = keeps_alive(head.minor_version);
  if (head.status == 101 && !upgrade_requested) {
    return refuse(error, 502, "The response switches protocols without being asked.");
  }
  if (head.interim() || head.status == 204) {
    // RFC 9112, 6.3 ends these at the empty line, whatever they declare; a peer that declares a
    // body may also send one, and it would be read as the next response.
    if (head.framing == Framing::chunked || head.content_length != 0) {
      return refuse(error, 502, "A response that cannot have a body declares one.");
    }
    head.framing = Framing::none;
  } else if (request_method == Method::head || head.status == 304) {
    head.framing = Framing::none;
  } else if (head.framing == Framing::none) {
    head.framing = Framing::until_close;
    head.keep_alive = false;
  }
  return true;
}

}  // namespace warmgate::http
