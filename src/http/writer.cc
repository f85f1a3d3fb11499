#include "http/writer.h"

#include <charconv>

#include "base/pen.h"

namespace warmgate::http {
namespace {

void put_field(Pen& pen, std::string_view name, std::string_view value) {
  pen.put(name);
  pen.put(": ");
  pen.put(value);
  pen.put("\r\n");
}

constexpr size_t field_size(std::string_view name, std::string_view value) {
  return name.size() + value.size() + 4;
}

size_t fields_size(std::span<const Field> fields) {
  size_t size = 0;
  for (const Field& field : fields) size += field_size(field.name, field.value);
  return size;
}

// What heads have beside their fields: a start line without its target, and the fields that we
// decide on ourselves. The longest reason phrase makes 105 bytes.
constexpr size_t kFrameRoom = 128;

void put_fields(Pen& pen, std::span<const Field> fields) {
  for (const Field& field : fields) put_field(pen, field.name, field.value);
}

// The fields that we decide on ourselves, and the empty line.
void put_ending(Pen& pen, BodyLength body, bool close) {
  if (body.framing == Framing::length) {
    pen.put("Content-Length: ");
    pen.put_number(body.bytes);
    pen.put("\r\n");
  } else if (body.framing == Framing::chunked) {
    pen.put("Transfer-Encoding: chunked\r\n");
  }
  if (close) pen.put("Connection: close\r\n");
  pen.put("\r\n");
}

}  // namespace

void append_request_head(std::string& out, std::string_view method, std::string_view target,
                         std::string_view authority, std::span<const Field> fields, BodyLength body,
                         bool keep_alive) {
  const size_t texts = method.size() + target.size() + authority.size() + fields_size(fields);
  append_with_pen(out, kFrameRoom + texts, [&](Pen& pen) {
    pen.put(method);
    pen.put(' ');
    pen.put(target);
    pen.put(" HTTP/1.1\r\n");
    put_field(pen, "Host", authority);
    put_fields(pen, fields);
    put_ending(pen, body, !keep_alive);
  });
}

void append_response_head(std::string& out, uint16_t status, std::span<const Field> fields,
                          BodyLength body, bool close) {
  append_with_pen(out, kFrameRoom + fields_size(fields), [&](Pen& pen) {
    pen.put("HTTP/1.1 ");
    pen.put_number(status);
    pen.put(' ');
    pen.put(reason_phrase(status));
    pen.put("\r\n");
    put_fields(pen, fields);
    put_ending(pen, body, close || body.framing == Framing::until_close);
  });
}

std::vector<Field> with_upgrade(std::span<const Field> fields, std::string_view protocol) {
  std::vector<Field> all(fields.begin(), fields.end());
  all.push_back({"Connection", "upgrade", FieldName::connection});
  all.push_back({"Upgrade", protocol, FieldName::upgrade});
  return all;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_with_pen(out, field_size(name, value), [&](Pen& pen) { put_field(pen, name, value); });
}

void append_chunk_size(std::string& out, uint64_t size) {
  char digits[16];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), size, 16).ptr).append("\r\n");
}

void append_last_chunk(std::string& out, std::span<const Field> trailers) {
  out.append("0\r\n");
  for (const Field& field : trailers) append_field(out, field.name, field.value);
  out.append("\r\n");
}

bool is_safe_value(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string_view reason_phrase(uint16_t status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 103:
      return "Early Hints";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    case 511:
      return "Network Authentication Required";
    default:
      return "";
  }
}

}  // namespace warmgate::http
