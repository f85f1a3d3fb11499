// BodyDecoder takes the framing off an HTTP/1 body: content-length, chunked, or until close.
//
// Strict.  Chunk sizes are hexadecimal digits only, at most 16; extensions are skipped, bounded
//          by kMaxChunkLine and free of control characters; every line ends in CRLF; trailers obey
//          the rules of head_parser.h and are bounded by kMaxTrailerBytes; framing, routing and
//          credential fields in trailers are dropped (RFC 9110, 6.5.1).
// Memory.  No allocation but for a trailer section that is not empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/head_parser.h"
#include "http/message.h"

namespace warmgate::http {

inline constexpr size_t kMaxChunkLine = 256;
inline constexpr size_t kMaxTrailerBytes = 8 * 1024;

class BodyDecoder {
 public:
  enum class Status : uint8_t { need_more, data, complete, error };
  struct Step {
    Status status = Status::need_more;
    size_t consumed = 0;    // bytes of the input that are done with, `data` included
    std::string_view data;  // with Status::data: never empty, a view into the input
  };

  BodyDecoder();
  ~BodyDecoder();
  BodyDecoder(BodyDecoder&&) noexcept;
  BodyDecoder& operator=(BodyDecoder&&) noexcept;

  void begin(Framing framing, uint64_t content_length);

  // Decodes the next piece. Call again with the rest until need_more, complete or error. After
  // need_more all input has been consumed. Input behind the body's end is left alone. With the last
  // data of a known length, complete() is true at once.
  Step next(std::string_view input);

  // The peer closed: complete for until_close (returns true), cut off in any other state but
  // complete.
  bool end_of_input();

  bool complete() const { return state_ == State::complete; }
  const ParseError& error() const { return error_; }

  // Valid once complete, until begin() or the decoder's end; the views are into its own memory.
  std::span<const Field> trailers() const;

 private:
  enum class State : uint8_t {
    length,
    until_close,
    chunk_size,
    chunk_extension,
    chunk_size_lf,
    chunk_data,
    chunk_data_cr,
    chunk_data_lf,
    trailer_begin,
    trailer,
    last_lf,
    complete,
    error
  };
  struct TrailerSection;

  Step take_data(std::string_view input, size_t used);
  bool take_framing_byte(char c);
  bool take_size_byte(char c);
  Step take_trailers(std::string_view input, size_t used);
  void take_trailer(const Field& field);
  bool expect(char c, char expected, State then);
  bool fail(uint16_t status, const char* detail);

  State state_ = State::complete;
  uint8_t size_digits_ = 0;
  uint16_t line_length_ = 0;
  uint64_t remaining_ = 0;  // of the body, or of the chunk
  std::unique_ptr<TrailerSection> trailers_;
  ParseError error_;
};

}  // namespace warmgate::http
