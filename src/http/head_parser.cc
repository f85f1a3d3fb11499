#include "http/head_parser.h"

#include <algorithm>

#include "http/field_line.h"
#include "http/framing.h"
#include "http/target.h"

namespace warmgate::http {
namespace {

// Beside its target a request line has a method, two spaces and a version.
constexpr size_t kMaxBesideTarget = 64;
constexpr size_t kMaxStatusLine = 1024;

// 1 or 0 for HTTP/1.1 and HTTP/1.0, 2 for another version, -1 for no version at all.
int parse_version(std::string_view text) {
  if (text == "HTTP/1.1") [[likely]]
    return 1;
  if (text == "HTTP/1.0") return 0;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool well_formed = text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) &&
                           text[6] == '.' && is_digit(text[7]);
  return well_formed ? 2 : -1;
}

// 100 to 599, or 0.
uint16_t parse_status(std::string_view text) {
  unsigned value = 0;
  for (char c : text.substr(0, 3)) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit > 9) return 0;
    value = value * 10 + digit;
  }
  return text.size() >= 3 && value >= 100 && value <= 599 ? static_cast<uint16_t>(value) : 0;
}

}  // namespace

void HeadParser::reset() {
  scanner_ = {};
  consumed_ = 0;
  error_ = {};
}

ParseStatus HeadParser::fail(uint16_t status, const char* detail) {
  error_ = {status, detail};
  return ParseStatus::error;
}

// A head that came in pieces is only scanned, until something about it can be decided. Then it is
// parsed from its beginning, with the same outcome as if it had come in one piece.
bool HeadParser::worth_parsing(std::string_view bytes, size_t max_start_line) {
  if (scanner_.position() == 0 || bytes.size() >= limits_.max_bytes) return true;
  for (;;) {
    const bool in_start_line = scanner_.line_begin() <= 2;  // an empty line may stand before it
    std::string_view line;
    switch (scanner_.next(bytes, line)) {
      case LineScanner::Status::error:
        return true;
      case LineScanner::Status::need_more:
        return in_start_line && bytes.size() > max_start_line;
      case LineScanner::Status::line:
        if (in_start_line || line.empty()) return true;
    }
  }
}

// The result of a cursor's read, once the limits have been looked at.
ParseStatus HeadParser::settle(LineStatus status, std::string_view bytes, const char* next,
                               const char* wrong) {
  if (status == LineStatus::error) return fail(400, wrong);
  if (status != LineStatus::need_more) return ParseStatus::complete;
  if (bytes.size() >= limits_.max_bytes) return fail(431, "The head is too long.");
  scanner_.set_line_begin(static_cast<size_t>(next - bytes.data()));
  return ParseStatus::need_more;
}

ParseStatus HeadParser::read_start_line(std::string_view bytes, LineCursor& cursor, size_t max,
                                        std::string_view& line) {
  const char* begin = cursor.next;
  const char* p = begin;
  const LineStatus status = cursor.finish_line(p);
  if (static_cast<size_t>(p - begin) > max) return fail(414, "The start line is too long.");
  line = between(begin, p);
  return settle(status, bytes, cursor.next, cursor.wrong);
}

ParseStatus HeadParser::parse_fields(std::string_view bytes, const LineCursor& at, Fields& fields,
                                     FramingFields& framing) {
  LineCursor cursor = at;  // a copy that nobody has the address of: it stays in registers
  const size_t max_fields = std::min(limits_.max_fields, kMaxFields);
  for (;;) {
    Field field;
    const LineStatus status = read_field_line(cursor, field);
    if (status != LineStatus::line) {
      consumed_ = static_cast<size_t>(cursor.next - bytes.data());
      return settle(status, bytes, cursor.next, cursor.wrong);
    }
    if (fields.size() >= max_fields) {
      return fail(431, "The head has too many fields.");
    }
    fields.push(field);
    framing.note(field);
  }
}

ParseStatus HeadParser::parse_request_line(std::string_view line, RequestHead& head) {
  const char *begin = line.data(), *end = begin + line.size();
  const char* p = begin;
  while (p != end && is_a(*p, kTokenByte)) ++p;
  if (p == begin || p == end || *p != ' ') return fail(400, "The request has no valid method.");
  head.method_text = between(begin, p);
  head.method = classify_method(head.method_text);

  const size_t last_space = line.rfind(' ');
  if (begin + last_space == p) return fail(400, "The request line has no version.");
  const int version = parse_version(line.substr(last_space + 1));
  if (version < 0) return fail(400, "The request line does not end in an HTTP version.");
  if (version > 1) return fail(505, "This HTTP version is not supported here.");
  head.minor_version = static_cast<uint8_t>(version);

  if (head.method == Method::connect) return fail(501, "CONNECT is not supported.");
  const std::string_view target = between(p + 1, begin + last_space);
  if (target.size() > limits_.max_target) return fail(414, "The request target is too long.");
  if (const char* wrong = parse_target(target, head)) return fail(400, wrong);
  return ParseStatus::complete;
}

ParseStatus HeadParser::parse_request(std::string_view bytes, RequestHead& head) {
  bytes = bytes.substr(0, limits_.max_bytes);
  const size_t max_start_line = limits_.max_target + kMaxBesideTarget;
  if (!worth_parsing(bytes, max_start_line)) return ParseStatus::need_more;
  scanner_ = {};
  head.fields.clear();

  LineCursor cursor(bytes.data(), bytes.data() + bytes.size());
  std::string_view line;
  ParseStatus status = read_start_line(bytes, cursor, max_start_line, line);
  if (status == ParseStatus::complete && line.empty()) {
    status = read_start_line(bytes, cursor, max_start_line, line);
  }
  if (status != ParseStatus::complete) return status;
  status = parse_request_line(line, head);
  if (status != ParseStatus::complete) return status;

  FramingFields framing;
  status = parse_fields(bytes, cursor, head.fields, framing);
  if (status != ParseStatus::complete) return status;
  head.bytes = bytes.substr(0, consumed_);
  return framing.decide(head, error_) ? ParseStatus::complete : ParseStatus::error;
}

ParseStatus HeadParser::parse_status_line(std::string_view line, ResponseHead& head) {
  const int version = parse_version(line.substr(0, 8));
  if (version < 0 || version > 1) return fail(502, "The response has no known HTTP version.");
  head.minor_version = static_cast<uint8_t>(version);
  if (line.size() < 12 || line[8] != ' ') return fail(502, "The response has no status.");
  head.status = parse_status(line.substr(9));
  if (head.status == 0) return fail(502, "The status is not a number from 100 to 599.");
  // Many servers leave out the space before an empty reason, and nobody misreads that.
  if (line.size() > 12 && line[12] != ' ') return fail(502, "The status is not three digits long.");
  head.reason = line.size() > 12 ? line.substr(13) : std::string_view{};
  return ParseStatus::complete;
}

ParseStatus HeadParser::parse_response_head(std::string_view bytes, Method request_method,
                                            bool upgrade_requested, ResponseHead& head) {
  bytes = bytes.substr(0, limits_.max_bytes);
  if (!worth_parsing(bytes, kMaxStatusLine)) return ParseStatus::need_more;
  scanner_ = {};
  head.fields.clear();

  LineCursor cursor(bytes.data(), bytes.data() + bytes.size());
  std::string_view line;
  ParseStatus status = read_start_line(bytes, cursor, kMaxStatusLine, line);
  if (status != ParseStatus::complete) return status;
  status = parse_status_line(line, head);
  if (status != ParseStatus::complete) return status;

  FramingFields framing;
  status = parse_fields(bytes, cursor, head.fields, framing);
  if (status != ParseStatus::complete) return status;
  return framing.decide(request_method, upgrade_requested, head, error_) ? ParseStatus::complete
                                                                         : ParseStatus::error;
}

ParseStatus HeadParser::parse_response(std::string_view bytes, Method request_method,
                                       ResponseHead& head, bool upgrade_requested) {
  const ParseStatus status = parse_response_head(bytes, request_method, upgrade_requested, head);
  if (status == ParseStatus::error) error_.status = 502;  // whatever it is, the peer is at fault
  return status;
}

}  // namespace warmgate::http
