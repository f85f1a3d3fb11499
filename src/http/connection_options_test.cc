#include "http/connection_options.h"

#include <gtest/gtest.h>

#include <string>

#include "http/head_parser.h"

namespace warmgate::http {
namespace {

// The names of the fields that pass, separated by spaces.
std::string forwarded(std::string_view fields, bool* accepts_trailers = nullptr) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
  HeadParser parser;
  RequestHead head;
  if (parser.parse_request(text, head) != ParseStatus::complete) return parser.error().detail;
  const ForwardFilter filter(head.fields);
  if (accepts_trailers != nullptr) *accepts_trailers = filter.accepts_trailers();
  std::string names;
  for (const Field& field : head.fields) {
    if (filter.forwards(field)) names.append(" ").append(field.name);
  }
  return names;
}

TEST(ForwardFilter, DropsWhatBelongsToOneConnection) {
  EXPECT_EQ(forwarded("Accept: x\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\n"
                      "Proxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\nTrailer: x\r\n"
                      "Proxy-Authorization: x\r\nContent-Length: 0\r\nX: y\r\n"),
            " Host Accept X");
  EXPECT_EQ(forwarded("Transfer-Encoding: chunked\r\n"), " Host");
}

TEST(ForwardFilter, DropsWhatConnectionNames) {
  EXPECT_EQ(forwarded("X-One: 1\r\nConnection: x-two, X-ONE\r\nX-Two: 2\r\nX-Three: 3\r\n"
                      "Connection: accept\r\nAccept: y\r\n"),
            " Host X-Three");
  EXPECT_EQ(forwarded("X-One: 1\r\nConnection: close, x-on, x-one-more\r\n"), " Host X-One");
}

TEST(ForwardFilter, KnowsThatTrailersAreWelcome) {
  bool accepts = true;
  forwarded("X: y\r\n", &accepts);
  EXPECT_FALSE(accepts);
  forwarded("TE: gzip;q=0.5, Trailers\r\n", &accepts);
  EXPECT_TRUE(accepts);
}

}  // namespace
}  // namespace warmgate::http
