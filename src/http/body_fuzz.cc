// libFuzzer target: any bytes as a body. The first byte chooses the framing, the second the pieces.
//
// Holds.  The outcome does not depend on the pieces; data are views into the input, in order; and
//         what was decoded, encoded and decoded again, is the same.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "http/body_decoder.h"
#include "http/writer.h"

namespace warmgate::http {
namespace {

struct Decoded {
  BodyDecoder decoder;
  std::string body;
  size_t left = 0;  // bytes behind the body

  std::string outcome() const {
    std::string text = std::to_string(decoder.complete()) + decoder.error().detail + "|" + body;
    for (const Field& field : decoder.trailers()) {
      text.append("|").append(field.name).append("=").append(field.value);
    }
    return text + "|" + std::to_string(left);
  }
};

void feed(Decoded& decoded, std::string_view piece) {
  for (;;) {
    const BodyDecoder::Step step = decoded.decoder.next(piece);
    WG_ASSERT(step.consumed <= piece.size(), "no more than there is");
    if (step.status == BodyDecoder::Status::data) {
      WG_ASSERT(!step.data.empty(), "data are never empty");
      WG_ASSERT(step.data.data() + step.data.size() == piece.data() + step.consumed,
                "data are the end of what was consumed");
      decoded.body.append(step.data);
    } else if (step.status == BodyDecoder::Status::need_more) {
      WG_ASSERT(step.consumed == piece.size(), "need_more has consumed all");
    } else if (step.status == BodyDecoder::Status::complete) {
      decoded.left += piece.size() - step.consumed;
    }
    if (step.status != BodyDecoder::Status::data) return;
    piece.remove_prefix(step.consumed);
  }
}

Decoded decode(Framing framing, uint64_t length, std::string_view bytes, size_t piece_size) {
  Decoded decoded;
  decoded.decoder.begin(framing, length);
  for (size_t at = 0; at < bytes.size(); at += piece_size) {
    const std::string piece(bytes.substr(at, piece_size));  // of its own, for the sanitizer
    feed(decoded, piece);
  }
  return decoded;
}

void check(uint8_t choice, uint8_t pieces, std::string_view bytes) {
  constexpr Framing kFramings[] = {Framing::chunked, Framing::chunked,     Framing::chunked,
                                   Framing::length,  Framing::until_close, Framing::none};
  const Framing framing = kFramings[choice % std::size(kFramings)];
  const uint64_t length = choice;
  const Decoded whole = decode(framing, length, bytes, bytes.size() + 1);
  WG_ASSERT(decode(framing, length, bytes, 1 + pieces % 16).outcome() == whole.outcome(),
            "in small pieces");
  WG_ASSERT(
      decode(framing, length, bytes, 1 + bytes.size() * pieces / 256).outcome() == whole.outcome(),
      "in large pieces");
  if (framing != Framing::chunked || !whole.decoder.complete()) return;

  std::string wire;
  const std::string_view body = whole.body;
  const size_t chunk = 1 + pieces;
  for (size_t at = 0; at < body.size(); at += chunk) {
    append_chunk_size(wire, body.substr(at, chunk).size());
    wire.append(body.substr(at, chunk)).append("\r\n");
  }
  append_last_chunk(wire, whole.decoder.trailers());
  const Decoded again = decode(framing, 0, wire, wire.size());
  WG_ASSERT(again.decoder.complete() && again.left == 0, "we read what we write");
  WG_ASSERT(again.body == whole.body, "the same body");
  WG_ASSERT(again.decoder.trailers().size() == whole.decoder.trailers().size(), "all trailers");
}

}  // namespace
}  // namespace warmgate::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  warmgate::http::check(data[0], data[1], {reinterpret_cast<const char*>(data) + 2, size - 2});
  return 0;
}
