#include "llhttp_oracle.h"

#include <llhttp/llhttp.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.h"
#include "http/differential.h"

namespace warmgate::test {
namespace {

using http::BodyDecoder;
using http::Field;
using http::HeadParser;
using http::ParseStatus;
using http::testing::Reading;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// What either of us makes of a message.
struct Opened {
  bool complete = false;
  bool refused = false;
  std::string error;
  std::string begins;  // method, or status
  std::string target;
  std::string body;
  Pairs fields, trailers;
  size_t consumed = 0;
  bool tab_behind_coding = false;
};

// ---- llhttp ----

struct Collector {
  Opened message;
  bool head_request = false;
  bool in_body = false;
  bool in_trailers = false;
  std::string name, value;
};

Collector& of(llhttp_t* parser) {
  return *static_cast<Collector*>(parser->data);
}

int on_url(llhttp_t* parser, const char* at, size_t size) {
  of(parser).message.target.append(at, size);
  return 0;
}

int on_name(llhttp_t* parser, const char* at, size_t size) {
  of(parser).name.append(at, size);
  return 0;
}

int on_value(llhttp_t* parser, const char* at, size_t size) {
  of(parser).value.append(at, size);
  return 0;
}

// Node strips the white space behind a value, which llhttp leaves there.
int on_value_complete(llhttp_t* parser) {
  Collector& self = of(parser);
  const bool coding = equals_ignoring_case(self.name, "transfer-encoding");
  const size_t end = self.value.find_last_not_of(" \t") + 1;
  if (coding && self.value.find('\t', end) != std::string::npos) {
    self.message.tab_behind_coding = true;
  }
  self.value.erase(end);
  auto& list = self.in_body ? self.message.trailers : self.message.fields;
  list.emplace_back(std::exchange(self.name, {}), std::exchange(self.value, {}));
  return 0;
}

int on_headers_complete(llhttp_t* parser) {
  Collector& self = of(parser);
  self.in_body = true;
  if (parser->type != HTTP_RESPONSE) return 0;
  const int status = parser->status_code;
  return self.head_request || status / 100 == 1 || status == 204 || status == 304 ? 1 : 0;
}

int on_chunk_header(llhttp_t* parser) {
  if (parser->content_length == 0) of(parser).in_trailers = true;
  return 0;
}

int on_body(llhttp_t* parser, const char* at, size_t size) {
  of(parser).message.body.append(at, size);
  return 0;
}

int on_message_complete(llhttp_t* parser) {
  of(parser).message.complete = true;
  return HPE_PAUSED;  // to see where it ends
}

const llhttp_settings_t& settings() {
  static const llhttp_settings_t made = [] {
    llhttp_settings_t all;
    llhttp_settings_init(&all);
    all.on_url = on_url;
    all.on_header_field = on_name;
    all.on_header_value = on_value;
    all.on_header_value_complete = on_value_complete;
    all.on_headers_complete = on_headers_complete;
    all.on_chunk_header = on_chunk_header;
    all.on_body = on_body;
    all.on_message_complete = on_message_complete;
    return all;
  }();
  return made;
}

Opened read_with_llhttp(const Reading& reading, std::string_view bytes) {
  Collector collector;
  collector.head_request = reading.request_method == http::Method::head;
  llhttp_t parser;
  llhttp_init(&parser, reading.response ? HTTP_RESPONSE : HTTP_REQUEST, &settings());
  parser.data = &collector;
  llhttp_errno_t error = llhttp_execute(&parser, bytes.data(), bytes.size());
  Opened& message = collector.message;
  if (message.complete) {
    message.consumed = static_cast<size_t>(llhttp_get_error_pos(&parser) - bytes.data());
  } else if (error == HPE_OK) {
    error = llhttp_finish(&parser);  // may complete it
    message.consumed = bytes.size();
    message.refused = !message.complete && error != HPE_OK && error != HPE_INVALID_EOF_STATE;
  } else {
    message.refused = true;
  }
  message.error = llhttp_errno_name(error);
  const char* at = message.refused ? llhttp_get_error_pos(&parser) : nullptr;
  const bool at_tab = at != nullptr && at < bytes.data() + bytes.size() && *at == '\t';
  if (at_tab && !collector.in_body) message.error += " at a tab";
  if (collector.in_trailers) {
    message.error += " in the trailers";
  } else if (collector.in_body) {
    message.error += " in the body";
  }
  message.begins = reading.response
                       ? std::to_string(parser.status_code)
                       : llhttp_method_name(static_cast<llhttp_method_t>(parser.method));
  return message;
}

// ---- ourselves ----

Pairs pairs(std::span<const Field> fields) {
  Pairs out;
  for (const Field& field : fields) out.emplace_back(field.name, field.value);
  return out;
}

Opened read_ourselves(const Reading& reading, std::string_view bytes) {
  Opened message;
  HeadParser parser(reading.limits);
  http::RequestHead request;
  http::ResponseHead response;
  const ParseStatus status = reading.response
                                 ? parser.parse_response(bytes, reading.request_method, response,
                                                         reading.upgrade_requested)
                                 : parser.parse_request(bytes, request);
  message.refused = status == ParseStatus::error;
  if (status != ParseStatus::complete) return message;
  const auto [framing, length, fields] =
      reading.response ? std::tuple(response.framing, response.content_length, &response.fields)
                       : std::tuple(request.framing, request.content_length, &request.fields);
  message.begins = reading.response ? std::to_string(response.status) : request.method_text;
  message.target = request.target;
  message.fields = pairs(fields->span());
  BodyDecoder decoder;
  auto body = http::testing::read_body(decoder, bytes, parser.consumed(), framing, length);
  message.complete = body.complete;
  message.refused = body.refused;
  message.consumed = body.consumed;
  message.body = std::move(body.body);
  if (message.complete) message.trailers = pairs(decoder.trailers());
  return message;
}

// ---- both ----

std::string first_difference(const Reading& reading, const Opened& ours, const Opened& theirs) {
  if (ours.complete != theirs.complete)
    return ours.complete ? "it waits for more" : "we wait for more";
  if (!ours.complete) return {};
  if (ours.consumed != theirs.consumed) {
    return "it ends at byte " + std::to_string(theirs.consumed) + ", for us at " +
           std::to_string(ours.consumed);
  }
  if (ours.body != theirs.body) return "another body";
  if (ours.begins != theirs.begins) return "it begins with " + theirs.begins;
  if (ours.fields != theirs.fields) return "other fields";
  for (const auto& trailer : ours.trailers) {  // we drop some
    if (std::ranges::find(theirs.trailers, trailer) == theirs.trailers.end())
      return "other trailers";
  }
  // Ours is without the scheme and authority of an absolute form, and not empty.
  const bool split = ours.target == "/" || ours.target == "*";
  if (!reading.response && !theirs.target.ends_with(ours.target) && !split) return "another target";
  return {};
}

}  // namespace

Comparison compare_with_llhttp(const Reading& reading, std::string_view bytes) {
  const Opened ours = read_ourselves(reading, bytes);
  const Opened theirs = read_with_llhttp(reading, bytes);
  if (ours.refused && theirs.refused) return {};
  if (ours.refused) return {Opinion::we_refuse, {}};
  if (theirs.tab_behind_coding) return {Opinion::it_refuses, "a tab behind the coding"};
  // A message that is not whole may yet be refused by us.
  if (theirs.refused && !ours.complete) return {};
  if (theirs.refused && ours.begins == "PRI") return {Opinion::it_refuses, "PRI"};
  if (theirs.refused) return {Opinion::it_refuses, theirs.error};
  std::string difference = first_difference(reading, ours, theirs);
  if (difference.empty()) return {};
  return {Opinion::differs, std::move(difference)};
}

bool may_refuse(const Comparison& comparison) {
  static constexpr std::array<std::string_view, 9> kKnown{
      // It knows some methods by name; for us any token is one.
      "HPE_INVALID_METHOD",
      "PRI",  // which begins nothing but HTTP/2
      // White space behind a value may be tabs, too (RFC 9110, 5.5).
      // Behind "chunked" it makes an unknown coding of them, and reads a response to its end.
      "HPE_INVALID_CONTENT_LENGTH at a tab",
      "a tab behind the coding",
      // It is particular about the text of chunk extensions, which we read over and do not pass on.
      "HPE_INVALID_CHUNK_SIZE in the body",
      "HPE_STRICT in the body",
      // Fields that frame a message have no meaning in trailers: we drop them, it reads them.
      "HPE_INVALID_TRANSFER_ENCODING in the trailers",
      "HPE_INVALID_CONTENT_LENGTH in the trailers",
      "HPE_UNEXPECTED_CONTENT_LENGTH in the trailers",
  };
  return std::ranges::find(kKnown, comparison.detail) != kKnown.end();
}

}  // namespace warmgate::test
