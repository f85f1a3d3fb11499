// For tests and fuzzers: runs bytes through the parser and the decoder the way a connection does,
// and tells the outcome as text, so that two runs can be compared.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/body_decoder.h"
#include "http/head_parser.h"

namespace warmgate::http::testing {

// What a message is read as. Without a request method it is a request itself.
struct Reading {
  bool response = false;
  Method request_method = Method::get;
  bool upgrade_requested = false;
  HeadLimits limits = {};
};

inline const char* name_of(Framing framing) {
  switch (framing) {
    case Framing::none:
      return "none";
    case Framing::length:
      return "length";
    case Framing::chunked:
      return "chunked";
    case Framing::until_close:
      return "until_close";
  }
  return "?";
}

inline std::string describe(const Fields& fields) {
  std::string text;
  for (const Field& field : fields) {
    text.append(" [").append(field.name).append("=").append(field.value).append("]");
  }
  return text;
}

inline std::string describe(const RequestHead& head) {
  std::string text(head.method_text);
  text.append(" ").append(head.target).append(" authority=").append(head.authority);
  text.append(" minor=").append(std::to_string(head.minor_version));
  text.append(" framing=").append(name_of(head.framing));
  text.append(" length=").append(std::to_string(head.content_length));
  text.append(" keep_alive=").append(std::to_string(head.keep_alive));
  text.append(" continue=").append(std::to_string(head.expects_continue));
  text.append(" upgrade=").append(std::to_string(head.wants_upgrade));
  return text + describe(head.fields);
}

inline std::string describe(const ResponseHead& head) {
  std::string text = std::to_string(head.status);
  text.append(" reason=").append(head.reason);
  text.append(" minor=").append(std::to_string(head.minor_version));
  text.append(" framing=").append(name_of(head.framing));
  text.append(" length=").append(std::to_string(head.content_length));
  text.append(" declares=").append(std::to_string(head.declares_length));
  text.append(" keep_alive=").append(std::to_string(head.keep_alive));
  return text + describe(head.fields);
}

inline std::string describe(const ParseError& error) {
  return "error " + std::to_string(error.status) + " " + error.detail;
}

// A connection that receives one message piece by piece. Each call of the codec sees a copy of its
// own, exactly as long as the input, so that a sanitizer notices any byte read beyond it.
class Receiver {
 public:
  explicit Receiver(const Reading& reading) : reading_(reading), parser_(reading.limits) {}

  void receive(std::string_view piece) {
    if (!in_body_ && outcome_.empty()) {
      received_.append(piece);
      parse_head();
    } else {
      decode(piece);
    }
  }

  // The peer closes. "incomplete head", "error ...", or the head, the body and how it ended.
  std::string finish() {
    if (outcome_.empty() && !in_body_) {
      // In pieces a fault may be noticed as late as at the head's end: look once more at the whole.
      parser_.reset();
      parse_head();
      if (outcome_.empty()) return "incomplete head";
    }
    if (!in_body_) return outcome_;
    outcome_.append(" body=").append(body_);
    if (!decoder_.end_of_input()) {
      return outcome_ + (decoder_.error().detail[0] != '\0' ? " " + describe(decoder_.error())
                                                            : " incomplete body");
    }
    for (const Field& field : decoder_.trailers()) {
      outcome_.append(" {").append(field.name).append("=").append(field.value).append("}");
    }
    return outcome_ + " rest=" + std::to_string(rest_);
  }

 private:
  void parse_head() {
    const auto copy = std::make_unique<char[]>(received_.size());
    std::memcpy(copy.get(), received_.data(), received_.size());
    const std::string_view bytes(copy.get(), received_.size());
    RequestHead request;
    ResponseHead response;
    const ParseStatus status = reading_.response
                                   ? parser_.parse_response(bytes, reading_.request_method,
                                                            response, reading_.upgrade_requested)
                                   : parser_.parse_request(bytes, request);
    if (status == ParseStatus::need_more) return;
    if (status == ParseStatus::error) {
      outcome_ = describe(parser_.error());
      return;
    }
    outcome_ = reading_.response ? describe(response) : describe(request);
    in_body_ = true;
    decoder_.begin(reading_.response ? response.framing : request.framing,
                   reading_.response ? response.content_length : request.content_length);
    decode(bytes.substr(parser_.consumed()));
  }

  void decode(std::string_view piece) {
    const auto copy = std::make_unique<char[]>(piece.size());
    if (!piece.empty()) std::memcpy(copy.get(), piece.data(), piece.size());
    std::string_view bytes(copy.get(), piece.size());
    for (;;) {
      const BodyDecoder::Step step = decoder_.next(bytes);
      bytes.remove_prefix(step.consumed);
      if (step.status == BodyDecoder::Status::data) {
        body_.append(step.data);
        continue;
      }
      if (step.status == BodyDecoder::Status::complete) rest_ += bytes.size();
      return;
    }
  }

  Reading reading_;
  HeadParser parser_;
  BodyDecoder decoder_;
  std::string received_, outcome_, body_;
  bool in_body_ = false;
  size_t rest_ = 0;
};

inline std::string read_whole(const Reading& reading, std::string_view message) {
  Receiver receiver(reading);
  receiver.receive(message);
  return receiver.finish();
}

inline std::string read_split(const Reading& reading, std::string_view message, size_t at) {
  Receiver receiver(reading);
  receiver.receive(message.substr(0, at));
  receiver.receive(message.substr(at));
  return receiver.finish();
}

inline std::string read_in_pieces(const Reading& reading, std::string_view message, size_t size) {
  Receiver receiver(reading);
  for (size_t at = 0; at < message.size(); at += size) receiver.receive(message.substr(at, size));
  return receiver.finish();
}

}  // namespace warmgate::http::testing
