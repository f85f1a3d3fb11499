#include "http_text.h"

#include "base/text.h"
#include "http/body_decoder.h"
#include "http/head_parser.h"

namespace warmgate::test {
namespace {

void copy(std::span<const http::Field> from, std::vector<std::pair<std::string, std::string>>& to) {
  for (const http::Field& field : from) to.emplace_back(field.name, field.value);
}

// Takes the body off `text`; its end is the end of the connection.
void read_body(std::string_view& text, const http::ResponseHead& head, ResponseText& response) {
  http::BodyDecoder decoder;
  decoder.begin(head.framing, head.content_length);
  for (;;) {
    const auto step = decoder.next(text);
    text.remove_prefix(step.consumed);
    response.body.append(step.data);
    if (step.status == http::BodyDecoder::Status::data) continue;
    response.complete = step.status == http::BodyDecoder::Status::complete ||
                        (text.empty() && decoder.end_of_input());
    if (response.complete) copy(decoder.trailers(), response.trailers);
    return;
  }
}

}  // namespace

std::string ResponseText::field(std::string_view name) const {
  for (const auto& [its_name, value] : fields) {
    if (equals_ignoring_case(its_name, name)) return value;
  }
  return "";
}

std::vector<ResponseText> read_responses(std::string_view text,
                                         std::vector<std::string_view> methods) {
  std::vector<ResponseText> responses;
  for (size_t final_ones = 0; !text.empty();) {
    ResponseText response;
    http::HeadParser parser;
    http::ResponseHead head;
    const auto method = final_ones < methods.size() ? http::classify_method(methods[final_ones])
                                                    : http::Method::get;
    if (parser.parse_response(text, method, head) != http::ParseStatus::complete) {
      responses.push_back(response);
      break;
    }
    response.status = head.status;
    response.keep_alive = head.keep_alive;
    copy(head.fields.span(), response.fields);
    text.remove_prefix(parser.consumed());
    response.complete = head.interim();
    if (!head.interim()) {
      read_body(text, head, response);
      ++final_ones;
    }
    responses.push_back(response);
    if (!response.complete) break;
  }
  return responses;
}

std::string statuses(std::string_view text, std::vector<std::string_view> methods) {
  std::string list;
  for (const ResponseText& response : read_responses(text, std::move(methods))) {
    list += (list.empty() ? "" : " ") + std::to_string(response.status);
    if (!response.complete) list += "!";
  }
  return list;
}

std::string pattern(size_t size) {
  static std::string text;  // grown once: tests ask for megabytes again and again
  for (static size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  return text.substr(0, size);
}

std::string chunked(std::string_view body, size_t chunk, std::string_view trailers) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  while (!body.empty()) {
    const size_t size = std::min(chunk, body.size());
    std::string hex;
    for (size_t rest = size; rest > 0; rest /= 16) hex.insert(hex.begin(), kDigits[rest % 16]);
    text += hex + "\r\n" + std::string(body.substr(0, size)) + "\r\n";
    body.remove_prefix(size);
  }
  return text + "0\r\n" + std::string(trailers) + "\r\n";
}

}  // namespace warmgate::test
