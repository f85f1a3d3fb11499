// HeaderBlock gathers what an HTTP/2 header block says, one decoded field after another, and makes
// a head of it: the same head, and as strictly checked, as HeadParser makes of HTTP/1 text.
//
// Refused with 400 unless said otherwise: names that are no lower-case tokens, values with control
// characters or with white space around them, fields that belong to one HTTP/1 connection, `te` but
// for "trailers", pseudo-header fields that are unknown, doubled, missing, of the other direction
// or behind other fields, a scheme but http and https, a `:path` that is not in origin-form (or
// "*"), an `:authority` and a Host that differ, CONNECT (501), a target that is too long (414), too
// many bytes or fields (431), and whatever framing.h refuses: lengths, hosts, bodies that cannot
// be. The status of any of these is 502 in a response. Joined: several cookie fields become one, as
// HTTP/1 must have it (RFC 9113, 8.2.3).
//
// Bounds.  Keeps at most `max_bytes` of text and `max_fields` fields; what comes beyond is counted,
//          not kept, so that the caller can end a flood.
// Source.  RFC 9113, 8.1 to 8.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_parser.h"
#include "http/message.h"

namespace warmgate::http {

class FramingFields;

class HeaderBlock {
 public:
  explicit HeaderBlock(const HeadLimits& limits) : limits_(limits) {}

  void clear();  // gives the memory back, too
  void add(std::string_view name, std::string_view value);
  // For a field that the decoder below would not hand over.
  void refuse_field() { fail(400, "A field contains a character that is not allowed there."); }

  // One of these when the block is complete. False: see error(). The views live until clear().
  // `ends`: the stream ends with this block, so that no body follows.
  bool finish_request(bool ends, RequestHead& head);
  bool finish_response(Method request_method, bool ends, ResponseHead& head);
  // Drops what trailers may not say, as BodyDecoder does.
  bool finish_trailers(std::vector<Field>& trailers);

  const ParseError& error() const { return error_; }
  size_t offered() const { return offered_; }  // bytes that came, the dropped ones included

 private:
  enum Pseudo : uint8_t { kMethod, kScheme, kAuthority, kPath, kStatus, kPseudos };
  struct Piece {
    uint32_t name = 0, value = 0, end = 0;  // offsets into text_
  };

  void add_pseudo(std::string_view name, std::string_view value);
  void check_regular(std::string_view name, std::string_view value);
  Piece keep(std::string_view name, std::string_view value);
  bool keep_fields(Fields& fields, FramingFields& framing);
  bool decide_host();
  bool decide_request_line(RequestHead& head);
  void join_cookies();
  bool has(Pseudo pseudo) const { return (seen_ & (1u << pseudo)) != 0; }
  std::string_view pseudo(Pseudo pseudo) const { return value_of(pseudo_[pseudo]); }
  std::string_view name_of(const Piece& piece) const {
    return std::string_view(text_).substr(piece.name, piece.value - piece.name - 2);
  }
  std::string_view value_of(const Piece& piece) const {
    return std::string_view(text_).substr(piece.value, piece.end - piece.value);
  }
  bool fail(uint16_t status, const char* detail);

  HeadLimits limits_;
  std::string text_;  // "name: value\r\n" for each
  std::vector<Piece> pieces_;
  Piece pseudo_[kPseudos];
  uint8_t seen_ = 0;
  uint8_t cookies_ = 0;  // none, one, or several
  size_t offered_ = 0;
  ParseError error_{0, ""};
};

}  // namespace warmgate::http
