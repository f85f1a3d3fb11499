// Strict HTTP/1 head parsing for a proxy (RFC 9112): what two parsers could read in two ways is
// refused, because the difference is how requests are smuggled.
//
// Refused with 400 unless said otherwise: bare CR or LF, obs-fold, white space before a colon or
// around the start line's parts, control characters, a NUL, an invalid token, several or differing
// Content-Length fields, Content-Length with a sign, list or overflow, Transfer-Encoding together
// with Content-Length, Transfer-Encoding other than exactly "chunked" (501), any
// Transfer-Encoding in HTTP/1.0, no or several Host fields in HTTP/1.1, a Host that is not a valid
// authority, a target with a fragment or bytes outside of printable ASCII, CONNECT (501), an HTTP
// version other than 1.0 and 1.1 (505), a head longer than `max_bytes` or with more than
// `max_fields` fields (431), a request target longer than `max_target` (414), more than
// kMaxConnectionOptions connection options, a target in absolute form with user information or
// another scheme than http and https. In responses also: a body declared where none can be (1xx,
// 204), and a status outside of 100 to 599.
// At most one CRLF before a request line is skipped (RFC 9112, 2.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/lines.h"
#include "http/message.h"

namespace warmgate::http {

class FramingFields;
struct LineCursor;
enum class LineStatus : uint8_t;

struct HeadLimits {
  size_t max_bytes = 32 * 1024;  // the whole head
  size_t max_target = 8 * 1024;  // the request target
  size_t max_fields = kMaxFields;
};

enum class ParseStatus : uint8_t { complete, need_more, error };

struct ParseError {
  uint16_t status = 400;    // to answer with; 502 when the head was a response
  const char* detail = "";  // one sentence with static storage
};

// Finds the end of a head in bytes that arrive piece by piece, then parses it whole.
//
// Use.     parse() with all bytes since the head's first one; after need_more call it again with
//          more bytes appended (they may have moved in memory). The outcome does not depend on the
//          pieces (a fault in a field may be told as late as at the head's end), and small pieces
//          do not cost more than two looks at each byte. After complete or error, reset() before
//          the next head.
// Thread.  Not thread-safe. No allocation.
class HeadParser {
 public:
  explicit HeadParser(const HeadLimits& limits = {}) : limits_(limits) {}

  ParseStatus parse_request(std::string_view bytes, RequestHead& head);

  // `request_method` decides whether a body follows: none after HEAD. A status of 101 is an error
  // unless the request asked for an upgrade.
  ParseStatus parse_response(std::string_view bytes, Method request_method, ResponseHead& head,
                             bool upgrade_requested = false);

  size_t consumed() const { return consumed_; }  // the head's length, once complete
  const ParseError& error() const { return error_; }
  void reset();

 private:
  bool worth_parsing(std::string_view bytes, size_t max_start_line);
  ParseStatus read_start_line(std::string_view bytes, LineCursor& cursor, size_t max,
                              std::string_view& line);
  ParseStatus settle(LineStatus status, std::string_view bytes, const char* next,
                     const char* wrong);
  ParseStatus parse_request_line(std::string_view line, RequestHead& head);
  ParseStatus parse_status_line(std::string_view line, ResponseHead& head);
  ParseStatus parse_fields(std::string_view bytes, const LineCursor& at, Fields& fields,
                           FramingFields& framing);
  ParseStatus parse_response_head(std::string_view bytes, Method request_method,
                                  bool upgrade_requested, ResponseHead& head);
  ParseStatus fail(uint16_t status, const char* detail);

  HeadLimits limits_;
  LineScanner scanner_;
  size_t consumed_ = 0;
  ParseError error_;
};

}  // namespace warmgate::http
