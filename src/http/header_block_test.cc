#include "http/header_block.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace warmgate::http {
namespace {

using List = std::vector<std::pair<std::string, std::string>>;

const List kGet{{":method", "GET"}, {":scheme", "https"}, {":path", "/x?y"}, {":authority", "h:1"}};

List operator+(List list, const List& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}
List without(const List& list, std::string_view name) {
  List rest;
  for (const auto& field : list) {
    if (field.first != name) rest.push_back(field);
  }
  return rest;
}

class HeaderBlockTest : public testing::Test {
 protected:
  bool request(const List& list, bool ends = true) {
    add(list);
    return block_.finish_request(ends, request_);
  }
  bool response(const List& list, bool ends = false, Method method = Method::get) {
    add(list);
    return block_.finish_response(method, ends, response_);
  }
  // The status that a request is refused with; 0 when it is not.
  int refusal(const List& list, bool ends = true) {
    return request(list, ends) ? 0 : block_.error().status;
  }
  void add(const List& list) {
    block_.clear();
    for (const auto& [name, value] : list) block_.add(name, value);
  }

  HeadLimits limits_{.max_bytes = 1000, .max_target = 100, .max_fields = 10};
  HeaderBlock block_{limits_};
  RequestHead request_;
  ResponseHead response_;
};

TEST_F(HeaderBlockTest, ARequestIsTheSameHeadAsInHttp1) {
  ASSERT_TRUE(request(kGet + List{{"accept", "*/*"}, {"x", ""}}));
  EXPECT_EQ(request_.method, Method::get);
  EXPECT_EQ(request_.method_text, "GET");
  EXPECT_EQ(request_.target, "/x?y");
  EXPECT_EQ(request_.authority, "h:1");
  EXPECT_EQ(request_.major_version, 2);
  EXPECT_EQ(request_.framing, Framing::none);
  EXPECT_TRUE(request_.keep_alive);
  ASSERT_EQ(request_.fields.size(), 3u);
  EXPECT_EQ(request_.fields.find(FieldName::host)->value, "h:1");
  EXPECT_EQ(request_.fields.find(FieldName::accept)->value, "*/*");
  EXPECT_NE(request_.bytes.find(request_.target), std::string_view::npos);
  EXPECT_GE(request_.target.data(), request_.bytes.data()) << "the views lie in the bytes";
}

TEST_F(HeaderBlockTest, FramingFollowsFromLengthAndEnd) {
  const List post = List{{":method", "POST"}} + without(kGet, ":method");
  ASSERT_TRUE(request(post, false));
  EXPECT_EQ(request_.framing, Framing::chunked);
  ASSERT_TRUE(request(post + List{{"content-length", "7"}}, false));
  EXPECT_EQ(request_.framing, Framing::length);
  EXPECT_EQ(request_.content_length, 7u);
  ASSERT_TRUE(request(post, true));
  EXPECT_EQ(request_.framing, Framing::length);
  EXPECT_EQ(request_.content_length, 0u);
  EXPECT_EQ(refusal(post + List{{"content-length", "7"}}, true), 400);
  EXPECT_EQ(refusal(post + List{{"content-length", "7"}, {"content-length", "7"}}, false), 400);
  EXPECT_EQ(refusal(post + List{{"content-length", "+7"}}, false), 400);
}

TEST_F(HeaderBlockTest, ExpectIsHeardWhereABodyFollows) {
  const List fields = kGet + List{{"expect", "100-continue"}};
  ASSERT_TRUE(request(fields, false));
  EXPECT_TRUE(request_.expects_continue);
  ASSERT_TRUE(request(fields, true));
  EXPECT_FALSE(request_.expects_continue);
}

TEST_F(HeaderBlockTest, HostMayStandForTheAuthorityAndMustAgreeWithIt) {
  ASSERT_TRUE(request(without(kGet, ":authority") + List{{"host", "other"}}));
  EXPECT_EQ(request_.authority, "other");
  ASSERT_TRUE(request(kGet + List{{"host", "H:1"}}));
  EXPECT_EQ(request_.fields.size(), 1u);
  EXPECT_EQ(refusal(kGet + List{{"host", "other"}}), 400);
  EXPECT_EQ(refusal(without(kGet, ":authority")), 400);
  EXPECT_EQ(refusal(without(kGet, ":authority") + List{{"host", "a b"}}), 400);
}

// The text grows while Host is made of a part of it: at every size, so at the one where it moves.
TEST_F(HeaderBlockTest, HostIsRightWhateverTheSizeOfTheHead) {
  for (size_t size = 1; size < 300; ++size) {
    const std::string name(size, 'a');
    ASSERT_TRUE(request(List{{":authority", name}} + without(kGet, ":authority")));
    ASSERT_EQ(request_.fields.find(FieldName::host)->value, name);
    ASSERT_EQ(request_.authority, name);
  }
}

TEST_F(HeaderBlockTest, MalformedRequestsAreRefused) {
  const auto with = [](const char* name, const char* value) {
    return List{{name, value}} + without(kGet, name);
  };
  const std::pair<List, int> cases[] = {
      {without(kGet, ":method"), 400},
      {without(kGet, ":scheme"), 400},
      {without(kGet, ":path"), 400},
      {with(":method", "G T"), 400},
      {with(":method", ""), 400},
      {with(":method", "CONNECT"), 501},
      {with(":scheme", "ftp"), 400},
      {with(":path", ""), 400},
      {with(":path", "x"), 400},
      {with(":path", "*"), 400},
      {with(":path", "http://h/"), 400},
      {with(":path", "/a b"), 400},
      {with(":path", "/a#b"), 400},
      {with(":authority", "user@h"), 400},
      {with(":authority", ""), 400},
      {with(":authority", "h:99999"), 400},
      {kGet + List{{":path", "/"}}, 400},
      {kGet + List{{":status", "200"}}, 400},
      {kGet + List{{":unknown", "1"}}, 400},
      {kGet + List{{"x", "1"}, {":protocol", "websocket"}}, 400},
      {List{{"x", "1"}} + kGet, 400},
      {kGet + List{{"Upper", "1"}}, 400},
      {kGet + List{{"a b", "1"}}, 400},
      {kGet + List{{"", "1"}}, 400},
      {kGet + List{{"x", "a\rb"}}, 400},
      {kGet + List{{"x", "a\nb"}}, 400},
      {kGet + List{{"x", std::string("a\0b", 3)}}, 400},
      {kGet + List{{"x", " a"}}, 400},
      {kGet + List{{"x", "a\t"}}, 400},
      {kGet + List{{"connection", "close"}}, 400},
      {kGet + List{{"keep-alive", "1"}}, 400},
      {kGet + List{{"proxy-connection", "close"}}, 400},
      {kGet + List{{"transfer-encoding", "chunked"}}, 400},
      {kGet + List{{"upgrade", "h2c"}}, 400},
      {kGet + List{{"te", "gzip"}}, 400},
      {kGet + List{{"te", "trailers, gzip"}}, 400},
  };
  for (const auto& [list, status] : cases) {
    EXPECT_EQ(refusal(list), status) << testing::PrintToString(list);
    EXPECT_NE(block_.error().detail[0], '\0');
  }
  EXPECT_EQ(refusal(kGet), 0) << "the same block goes on";
  EXPECT_EQ(refusal(kGet + List{{"te", "trailers"}, {"x", "a\tb"}, {"warmgate-timeout", "1s"}}), 0);
  EXPECT_EQ(refusal(List{{":method", "OPTIONS"}, {":path", "*"}} +
                    without(without(kGet, ":method"), ":path")),
            0);
}

TEST_F(HeaderBlockTest, LimitsHoldAndWhatComesBeyondIsCountedOnly) {
  const std::string long_path = "/" + std::string(100, 'x');
  EXPECT_EQ(refusal(List{{":path", long_path}} + without(kGet, ":path")), 414);
  EXPECT_EQ(refusal(kGet + List(10, {"x", "y"})), 431) << "Host is one of them";
  EXPECT_EQ(refusal(kGet + List(9, {"x", "y"})), 0);
  add(kGet + List(1'000, {"x", std::string(1'000, 'y')}));
  EXPECT_GT(block_.offered(), 1'000'000u);
  EXPECT_FALSE(block_.finish_request(true, request_));
  EXPECT_EQ(block_.error().status, 431);
}

TEST_F(HeaderBlockTest, CookiesBecomeOneField) {
  ASSERT_TRUE(
      request(kGet + List{{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c"}}));
  ASSERT_EQ(request_.fields.size(), 3u);
  EXPECT_EQ(request_.fields.find("cookie")->value, "a=1; b=2; c");
  EXPECT_EQ(request_.fields.find("x")->value, "y");
}

TEST_F(HeaderBlockTest, Responses) {
  ASSERT_TRUE(response({{":status", "200"}, {"content-length", "3"}}));
  EXPECT_EQ(response_.status, 200);
  EXPECT_EQ(response_.major_version, 2);
  EXPECT_EQ(response_.framing, Framing::length);
  EXPECT_TRUE(response_.declares_length);
  ASSERT_TRUE(response({{":status", "200"}}));
  EXPECT_EQ(response_.framing, Framing::chunked);
  EXPECT_TRUE(response_.keep_alive);
  ASSERT_TRUE(response({{":status", "200"}}, true));
  EXPECT_EQ(response_.framing, Framing::none);
  ASSERT_TRUE(response({{":status", "200"}, {"content-length", "3"}}, true, Method::head));
  EXPECT_EQ(response_.framing, Framing::none);
  EXPECT_EQ(response_.content_length, 3u);
  ASSERT_TRUE(response({{":status", "103"}}));
  EXPECT_TRUE(response_.interim());
  const List refused[] = {{},
                          {{":status", "99"}},
                          {{":status", "600"}},
                          {{":status", "0200"}},
                          {{":status", "2x0"}},
                          {{":status", "101"}},
                          {{":status", "200"}, {":path", "/"}},
                          {{":status", "204"}, {"content-length", "3"}},
                          {{":status", "200"}, {"connection", "close"}}};
  for (const List& list : refused) {
    EXPECT_FALSE(response(list)) << testing::PrintToString(list);
    EXPECT_EQ(block_.error().status, 502);
  }
  EXPECT_FALSE(response({{":status", "103"}}, true));
  EXPECT_FALSE(response({{":status", "200"}, {"content-length", "3"}}, true));
}

TEST_F(HeaderBlockTest, TrailersLoseWhatIsNotTheirs) {
  std::vector<Field> trailers;
  add({{"checksum", "42"}, {"host", "evil"}, {"content-length", "1"}, {"grpc-status", "0"}});
  ASSERT_TRUE(block_.finish_trailers(trailers));
  ASSERT_EQ(trailers.size(), 2u);
  EXPECT_EQ(trailers[0].name, "checksum");
  EXPECT_EQ(trailers[1].value, "0");
  add({{":path", "/"}});
  EXPECT_FALSE(block_.finish_trailers(trailers));
  add({{"connection", "close"}});
  EXPECT_FALSE(block_.finish_trailers(trailers));
}

TEST_F(HeaderBlockTest, AFieldThatTheDecoderKeepsBackSpoilsTheHead) {
  add(kGet);
  block_.refuse_field();
  EXPECT_FALSE(block_.finish_request(true, request_));
  EXPECT_EQ(block_.error().status, 400);
}

}  // namespace
}  // namespace warmgate::http
