// libFuzzer target: any bytes as a head. The first byte chooses how they are read, the second where
// they are split.
//
// Holds.  The outcome does not depend on the pieces; and what the parser accepts, written again and
//         parsed again, is the same message: nothing that we forward means more than we understood.
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "http/testing.h"
#include "http/writer.h"

namespace warmgate::http {
namespace {

std::vector<Field> end_to_end(const Fields& fields) {
  std::vector<Field> kept;
  for (const Field& field : fields) {
    if (!is_hop_by_hop(field.id) && field.id != FieldName::host) kept.push_back(field);
  }
  return kept;
}

std::string describe(const std::vector<Field>& fields) {
  Fields list;
  for (const Field& field : fields) list.push(field);
  return testing::describe(list);
}

BodyLength length_of(Framing framing, uint64_t length) {
  return framing == Framing::length ? BodyLength::of(length) : BodyLength{framing, 0};
}

void check_request(std::string_view bytes) {
  HeadParser parser;
  RequestHead head, again;
  if (parser.parse_request(bytes, head) != ParseStatus::complete) return;
  WG_ASSERT(parser.consumed() <= bytes.size(), "no more than there is");
  if (head.authority.empty()) return;  // HTTP/1.0 without Host: nothing to forward to
  std::string wire;
  append_request_head(wire, head.method_text, head.target, head.authority, end_to_end(head.fields),
                      length_of(head.framing, head.content_length), true);
  parser.reset();
  WG_ASSERT(parser.parse_request(wire, again) == ParseStatus::complete, "we read what we write");
  WG_ASSERT(parser.consumed() == wire.size(), "one head, and nothing behind it");
  WG_ASSERT(again.method_text == head.method_text && again.method == head.method, "method");
  WG_ASSERT(again.target == head.target && again.authority == head.authority, "target");
  WG_ASSERT(again.framing == head.framing && again.content_length == head.content_length, "body");
  WG_ASSERT(describe(end_to_end(again.fields)) == describe(end_to_end(head.fields)), "fields");
}

void check_response(std::string_view bytes, Method method, bool upgrade) {
  HeadParser parser;
  ResponseHead head, again;
  if (parser.parse_response(bytes, method, head, upgrade) != ParseStatus::complete) return;
  WG_ASSERT(parser.consumed() <= bytes.size(), "no more than there is");
  std::string wire;
  append_response_head(wire, head.status, end_to_end(head.fields),
                       length_of(head.framing, head.content_length), false);
  parser.reset();
  WG_ASSERT(parser.parse_response(wire, method, again, upgrade) == ParseStatus::complete,
            "we read what we write");
  WG_ASSERT(parser.consumed() == wire.size(), "one head, and nothing behind it");
  WG_ASSERT(again.status == head.status && again.framing == head.framing, "status and body");
  WG_ASSERT(describe(end_to_end(again.fields)) == describe(end_to_end(head.fields)), "fields");
}

void check(uint8_t choice, uint8_t split, std::string_view bytes) {
  testing::Reading reading;
  reading.response = (choice & 1) != 0;
  reading.upgrade_requested = (choice & 2) != 0;
  reading.request_method = (choice & 4) != 0 ? Method::head : Method::get;
  if ((choice & 8) != 0) reading.limits = {.max_bytes = 300, .max_target = 40, .max_fields = 5};

  const std::string whole = testing::read_whole(reading, bytes);
  const size_t at = bytes.size() * split / 256;
  WG_ASSERT(testing::read_split(reading, bytes, at) == whole, "in two pieces");
  if (bytes.size() <= 4096) {
    WG_ASSERT(testing::read_in_pieces(reading, bytes, 1 + split % 8) == whole, "in small pieces");
  }
  if (reading.response) {
    check_response(bytes, reading.request_method, reading.upgrade_requested);
  } else {
    check_request(bytes);
  }
}

}  // namespace
}  // namespace warmgate::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  warmgate::http::check(data[0], data[1], {reinterpret_cast<const char*>(data) + 2, size - 2});
  return 0;
}
