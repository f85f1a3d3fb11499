// Writes HTTP/1 heads and chunk framing into a byte string. What it writes, head_parser.h reads.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace warmgate::http {

// How a message that we send is framed; decided by the sender, never copied from a peer.
struct BodyLength {
  Framing framing = Framing::none;
  uint64_t bytes = 0;  // with Framing::length

  static BodyLength none() { return {}; }
  static BodyLength of(uint64_t bytes) { return {Framing::length, bytes}; }
  static BodyLength chunked() { return {Framing::chunked, 0}; }
};

// The start line, Host, `fields` (which must hold no hop-by-hop or framing field and no Host), the
// framing fields and the empty line. `Content-Length: 0` is written for of(0), nothing for none().
void append_request_head(std::string& out, std::string_view method, std::string_view target,
                         std::string_view authority, std::span<const Field> fields, BodyLength body,
                         bool keep_alive);

// `close` writes `Connection: close`.
void append_response_head(std::string& out, uint16_t status, std::span<const Field> fields,
                          BodyLength body, bool close);

// The fields with those two behind them that ask for an upgrade, or grant it.
std::vector<Field> with_upgrade(std::span<const Field> fields, std::string_view protocol);

void append_field(std::string& out, std::string_view name, std::string_view value);
void append_chunk_size(std::string& out, uint64_t size);  // "1f\r\n"; the caller adds "\r\n" behind
void append_last_chunk(std::string& out, std::span<const Field> trailers);  // "0\r\n...\r\n"

std::string_view reason_phrase(uint16_t status);

// A head of the gateway's own must not be split by a value: true if it has no CR, LF or NUL.
bool is_safe_value(std::string_view value);

}  // namespace warmgate::http
