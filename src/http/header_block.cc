#include "http/header_block.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "http/body_decoder.h"
#include "http/framing.h"
#include "http/target.h"
#include "http/wide.h"

namespace warmgate::http {
namespace {

constexpr std::string_view kPseudoNames[] = {":method", ":scheme", ":authority", ":path",
                                             ":status"};
constexpr std::string_view kCookie = "cookie";

bool has_control(std::string_view value) {
  const char *begin = value.data(), *end = begin + value.size();
  const char* p = find_first(ControlByte(), begin, begin, end);
  while (p != end && *p == '\t') p = find_first(ControlByte(), begin, p + 1, end);
  return p != end;
}

bool is_lower_token(std::string_view name) {
  return is_token(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

// RFC 9113, 8.2.2.
bool belongs_to_a_connection(FieldName id) {
  return id == FieldName::connection || id == FieldName::keep_alive ||
         id == FieldName::proxy_connection || id == FieldName::transfer_encoding ||
         id == FieldName::upgrade;
}

}  // namespace

void HeaderBlock::clear() {
  std::string().swap(text_);
  std::vector<Piece>().swap(pieces_);
  seen_ = cookies_ = 0;
  offered_ = 0;
  error_ = {0, ""};
}

// The first fault is the one that is told.
bool HeaderBlock::fail(uint16_t status, const char* detail) {
  if (error_.status == 0) error_ = {status, detail};
  return false;
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  constexpr size_t kAround = 4;  // what HTTP/1 would write around the two
  offered_ += name.size() + value.size() + kAround;
  if (offered_ > limits_.max_bytes) fail(431, "The head is too long.");
  if (error_.status != 0) return;
  if (has_control(value)) {
    fail(400, "A field value contains a control character.");
  } else if (name.starts_with(':')) {
    add_pseudo(name, value);
  } else {
    check_regular(name, value);
    if (error_.status == 0) pieces_.push_back(keep(name, value));
  }
}

HeaderBlock::Piece HeaderBlock::keep(std::string_view name, std::string_view value) {
  Piece piece;
  piece.name = static_cast<uint32_t>(text_.size());
  text_.append(name).append(": ");
  piece.value = static_cast<uint32_t>(text_.size());
  text_.append(value);
  piece.end = static_cast<uint32_t>(text_.size());
  text_.append("\r\n");
  return piece;
}

void HeaderBlock::add_pseudo(std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(kPseudoNames, name);
  if (found == std::end(kPseudoNames)) return void(fail(400, "A pseudo-header is unknown."));
  const auto which = static_cast<Pseudo>(found - std::begin(kPseudoNames));
  if (!pieces_.empty()) return void(fail(400, "A pseudo-header stands behind a field."));
  if (has(which)) return void(fail(400, "A pseudo-header is given more than once."));
  seen_ = static_cast<uint8_t>(seen_ | 1u << which);
  pseudo_[which] = keep(name, value);
}

void HeaderBlock::check_regular(std::string_view name, std::string_view value) {
  if (!is_lower_token(name)) {
    return void(fail(400, "A field name contains a character that is not allowed there."));
  }
  if (!value.empty() && (is_space(value.front()) || is_space(value.back()))) {
    return void(fail(400, "A field value has white space around it."));
  }
  if (pieces_.size() >= std::min(limits_.max_fields, kMaxFields)) {
    return void(fail(431, "The head has too many fields."));
  }
  const FieldName id = classify(name);
  if (belongs_to_a_connection(id)) {
    return void(fail(400, "A field belongs to an HTTP/1 connection; HTTP/2 has no use for it."));
  }
  if (id == FieldName::te && value != "trailers") {
    return void(fail(400, "TE may only say \"trailers\" in HTTP/2."));
  }
  if (name == kCookie) cookies_ = static_cast<uint8_t>(std::min(cookies_ + 1, 2));
}

// The first cookie field gets the values of all.
void HeaderBlock::join_cookies() {
  if (cookies_ < 2) return;
  std::string joined;
  std::vector<Piece> others;
  size_t first = 0;
  for (const Piece& piece : pieces_) {
    if (name_of(piece) != kCookie) {
      others.push_back(piece);
    } else if (joined.empty()) {
      first = others.size();
      others.push_back(piece);
      joined = value_of(piece);
    } else {
      joined.append("; ").append(value_of(piece));
    }
  }
  others[first] = keep(kCookie, joined);
  pieces_ = std::move(others);
  cookies_ = 1;
}

// Host, if it is given beside :authority, must say the same; if it is not, it is put first, where
// HTTP/1 has it.
bool HeaderBlock::decide_host() {
  if (!has(kAuthority)) return true;
  static constexpr std::string_view kHost = "host";
  const auto host =
      std::ranges::find_if(pieces_, [this](const Piece& piece) { return name_of(piece) == kHost; });
  if (host == pieces_.end()) {
    const Piece piece = keep(kHost, std::string(pseudo(kAuthority)));  // a copy: the text moves
    pieces_.insert(pieces_.begin(), piece);
    return pieces_.size() <= std::min(limits_.max_fields, kMaxFields) ||
           fail(431, "The head has too many fields.");
  }
  return equals_ignoring_case(value_of(*host), pseudo(kAuthority)) ||
         fail(400, "The :authority and the Host of the request differ.");
}

bool HeaderBlock::decide_request_line(RequestHead& head) {
  if (has(kStatus)) return fail(400, "The request has a :status.");
  if (!has(kMethod) || !is_token(pseudo(kMethod))) {
    return fail(400, "The request has no valid method.");
  }
  head.method_text = pseudo(kMethod);
  head.method = classify_method(head.method_text);
  if (head.method == Method::connect) return fail(501, "CONNECT is not supported.");
  const std::string_view scheme = pseudo(kScheme);
  if (!has(kScheme) ||
      (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https"))) {
    return fail(400, "The scheme of the request target is not http or https.");
  }
  const std::string_view path = pseudo(kPath);
  if (!has(kPath) || (!path.starts_with('/') && path != "*")) {
    return fail(400, "The request has no :path that begins with a slash.");
  }
  if (path.size() > limits_.max_target) return fail(414, "The request target is too long.");
  const char* wrong = parse_target(path, head);
  return wrong == nullptr || fail(400, wrong);
}

// Views of the fields; what they say of the framing goes to `framing`.
bool HeaderBlock::keep_fields(Fields& fields, FramingFields& framing) {
  fields.clear();
  for (const Piece& piece : pieces_) {
    Field field{name_of(piece), value_of(piece)};
    field.id = classify(field.name);
    if (!fields.push(field)) return fail(431, "The head has too many fields.");
    framing.note(field);
  }
  return true;
}

bool HeaderBlock::finish_request(bool ends, RequestHead& head) {
  if (error_.status != 0) return false;
  if (!decide_host()) return false;
  join_cookies();  // the last that moves the text
  FramingFields framing;
  if (!decide_request_line(head) || !keep_fields(head.fields, framing)) return false;
  head.minor_version = 1;  // as far as the framing is concerned
  ParseError wrong;
  if (!framing.decide(head, wrong)) return fail(wrong.status, wrong.detail);
  if (ends && head.content_length != 0) {
    return fail(400, "The request ends before its Content-Length.");
  }
  if (head.framing == Framing::none) {
    // Servers expect to be told that a body is empty, where the method would have one.
    const bool usual =
        head.method == Method::post || head.method == Method::put || head.method == Method::patch;
    if (!ends) head.framing = Framing::chunked;
    if (ends && usual) head.framing = Framing::length;
  }
  const Field* expect = head.fields.find(FieldName::expect);
  head.expects_continue = !ends && expect != nullptr && equals_lower(expect->value, "100-continue");
  head.major_version = 2;
  head.minor_version = 0;
  head.keep_alive = true;
  head.bytes = text_;
  return true;
}

bool HeaderBlock::finish_response(Method request_method, bool ends, ResponseHead& head) {
  const auto refuse = [this](const char* detail) {
    if (detail != nullptr) fail(502, detail);
    error_.status = 502;  // whatever it is, the peer is at fault
    return false;
  };
  if (error_.status != 0) return refuse(nullptr);
  constexpr uint8_t kOnlyStatus = 1u << kStatus;
  if (seen_ != kOnlyStatus) return refuse("The response has not exactly one :status.");
  const auto status = parse_uint(pseudo(kStatus));
  if (pseudo(kStatus).size() != 3 || !status || *status < 100 || *status > 599) {
    return refuse("The status is not a number from 100 to 599.");
  }
  head.status = static_cast<uint16_t>(*status);
  head.reason = {};
  FramingFields framing;
  if (!keep_fields(head.fields, framing)) return refuse(nullptr);
  head.minor_version = 1;  // as far as the framing is concerned
  ParseError wrong;
  if (!framing.decide(request_method, false, head, wrong)) return refuse(wrong.detail);
  if (head.interim() && ends) return refuse("An interim response ends the stream.");
  if (ends && head.framing == Framing::length && head.content_length != 0) {
    return refuse("The response ends before its Content-Length.");
  }
  if (ends) {
    head.framing = Framing::none;
  } else if (head.framing == Framing::until_close) {
    head.framing = Framing::chunked;
  }
  head.major_version = 2;
  head.minor_version = 0;
  head.keep_alive = true;
  return true;
}

bool HeaderBlock::finish_trailers(std::vector<Field>& trailers) {
  if (seen_ != 0) fail(400, "A pseudo-header stands in the trailers.");
  if (offered_ > kMaxTrailerBytes) fail(431, "The trailers are too long.");
  if (error_.status != 0) return false;
  for (const Piece& piece : pieces_) {
    Field field{name_of(piece), value_of(piece)};
    field.id = classify(field.name);
    if (is_allowed_in_trailers(field.id)) trailers.push_back(field);
  }
  return true;
}

}  // namespace warmgate::http
