// For fuzzers and tests that compare our reading of a message with another parser's.
#pragma once

#include <string>
#include <string_view>

#include "http/body_decoder.h"
#include "http/message.h"

namespace warmgate::http::testing {

struct Message {
  bool complete = false;
  bool refused = false;
  std::string body;
  size_t consumed = 0;
};

// The body behind a head that was parsed; `bytes` begin with the head, and are all that comes.
inline Message read_body(BodyDecoder& decoder, std::string_view bytes, size_t head_size,
                         Framing framing, uint64_t length) {
  Message message;
  decoder.begin(framing, length);
  message.consumed = head_size;
  BodyDecoder::Step step;
  do {
    step = decoder.next(bytes.substr(message.consumed));
    message.consumed += step.consumed;
    message.body.append(step.data);
  } while (step.status == BodyDecoder::Status::data);
  message.refused = step.status == BodyDecoder::Status::error;
  message.complete = decoder.end_of_input();
  return message;
}

}  // namespace warmgate::http::testing
