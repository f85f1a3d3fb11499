// HTTP/2: limits of time and number, broken rules, and clients that keep a server busy for nothing.
#include <gmock/gmock.h>

#include "h2_server_fixture.h"
#include "support/h2_raw_peer.h"

namespace warmgate::test {
namespace {

constexpr uint8_t kEndStream = NGHTTP2_FLAG_END_STREAM, kEndHeaders = NGHTTP2_FLAG_END_HEADERS;

class H2LimitsScenario : public H2ServerScenario {
 protected:
  H2LimitsScenario() {
    start({.head = {},
           .max_connections = 10,
           .header_timeout = 10s,
           .body_timeout = 20s,
           .write_timeout = 30s,
           .keep_alive = 60s});
  }
  Duration time_to_end() {
    const Instant begun = loop_.now();
    EXPECT_TRUE(loop_.run_until([&] { return h2_->peer().over(); }));
    return loop_.now() - begun;
  }
  static void expect_about(Duration actual, Duration expected) {
    EXPECT_GE(actual, expected - 1ms);
    EXPECT_LE(actual, expected + 50ms);
  }
  void settle() {
    connect_h2();
    loop_.run_until_idle();
  }
  void settle_raw() {
    raw_ = std::make_unique<H2RawPeer>(loop_, kServerAddress);
    loop_.run_until_idle();
  }
  // Sends the frame until the connection ends; how often that was.
  int flood(const std::string& frame, int most) {
    settle_raw();
    int sent = 0;
    while (sent < most && !raw_->over()) {
      for (int i = 0; i < 100; ++i, ++sent) raw_->send(frame);
      loop_.run_until_idle();
    }
    return sent;
  }
  // The error that the connection ends with after these bytes; nothing if it goes on.
  std::optional<uint32_t> error_after(const std::string& bytes) {
    settle_raw();
    raw_->send(bytes);
    loop_.run_until_idle();
    if (!raw_->over()) return std::nullopt;
    EXPECT_GT(raw_->goaways(), 0) << "the client is told why";
    return raw_->goaway_error();
  }
  static std::string headers(const H2FieldList& fields, int32_t stream = 1,
                             uint8_t flags = kEndStream | kEndHeaders) {
    return h2_frame(NGHTTP2_HEADERS, flags, stream, h2_block(fields));
  }

  std::unique_ptr<H2RawPeer> raw_;
};
INSTANTIATE_TEST_SUITE_P(Seeds, H2LimitsScenario, testing::Range(uint64_t{1}, uint64_t{6}));

const H2FieldList kGet{
    {":method", "GET"}, {":scheme", "http"}, {":path", "/wait"}, {":authority", "h"}};

H2FieldList operator+(H2FieldList list, const H2FieldList& more) {
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

// ---- time ----

TEST_P(H2LimitsScenario, AClientThatStopsBehindItsPrefaceIsCutOff) {
  client_ = std::make_unique<RawPeer>(loop_, kServerAddress);
  const Instant begun = loop_.now();
  client_->send(kH2Preface.substr(0, 20));
  ASSERT_TRUE(loop_.run_until([&] { return client_->over(); }));
  expect_about(loop_.now() - begun, 10s);
}

TEST_P(H2LimitsScenario, AnIdleConnectionEndsWithAGoaway) {
  settle();
  expect_about(time_to_end(), 60s);
  EXPECT_EQ(h2_->goaway_error(), NGHTTP2_NO_ERROR);
  exchange_h2({.path = "/hello"});
  loop_.run_for(30s);
  h2_->get("/hello");
  loop_.run_until_idle();
  expect_about(time_to_end(), 60s);
}

TEST_P(H2LimitsScenario, PingsDoNotKeepAnIdleConnectionOpen) {
  settle_raw();
  const Instant begun = loop_.now();
  while (!raw_->over() && loop_.now() - begun < 1h) {
    raw_->send(h2_frame(NGHTTP2_PING, 0, 0, "12345678"));
    loop_.run_for(5s);
  }
  EXPECT_LE(loop_.now() - begun, 66s);
}

TEST_P(H2LimitsScenario, AHeadThatDoesNotEndIsCutOff) {
  settle_raw();
  raw_->send(headers(kGet, 1, kEndStream));
  const Instant begun = loop_.now();
  for (int i = 0; i < 6 && !raw_->over(); ++i) {
    loop_.run_for(2s);
    if (i < 5) raw_->send(h2_frame(NGHTTP2_CONTINUATION, 0, 1, h2_block({{"x", "y"}})));
  }
  EXPECT_LE(loop_.now() - begun, 12s + 1ms);
  EXPECT_GE(loop_.now() - begun, 10s);
  EXPECT_TRUE(raw_->over());
  EXPECT_EQ(application_.requests.size(), 0u);
}

TEST_P(H2LimitsScenario, ABodyMayBeSlowButNotPause) {
  connect_h2();
  const int32_t stream = h2_->request({.method = "POST", .path = "/read", .ends = false});
  const int32_t echo =
      h2_->request({.method = "POST", .path = "/echo", .body = "half", .ends = false});
  for (int i = 0; i < 5; ++i) {
    loop_.run_for(15s);
    h2_->send_body(stream, "x", false);
    if (i == 0) h2_->send_body(echo, "x", false);
  }
  EXPECT_FALSE(h2_->response(echo).complete);
  EXPECT_EQ(h2_->response(echo).error, NGHTTP2_CANCEL);
  EXPECT_EQ(h2_->response(stream).status, 0);
  loop_.run_for(21s);
  EXPECT_EQ(h2_->response(stream).status, 408);
  EXPECT_TRUE(h2_->response(stream).complete);
  EXPECT_EQ(application_.gone, 2);
  EXPECT_FALSE(over()) << "one slow request does not end the connection";
}

TEST_P(H2LimitsScenario, WaitingForTheApplicationHasNoLimitHere) {
  connect_h2();
  h2_->request({.method = "POST", .path = "/stuck", .body = pattern(400'000)});
  h2_->get("/wait");
  loop_.run_for(1h);
  EXPECT_EQ(application_.gone, 0);
  EXPECT_FALSE(over());
}

TEST_P(H2LimitsScenario, AStreamThatIsNotReadIsCutOff) {
  connect_h2({.stream_window = 1'000, .grants = false});
  const int32_t slow = h2_->get("/big/5000000");
  loop_.run_for(29s);
  EXPECT_EQ(application_.gone, 0);
  h2_->grant(slow, 100'000);
  loop_.run_for(29s);
  EXPECT_EQ(application_.gone, 0) << "it went on";
  loop_.run_for(2s);
  EXPECT_EQ(application_.gone, 1);
  EXPECT_EQ(h2_->response(slow).error, NGHTTP2_CANCEL);
  EXPECT_FALSE(over());
}

TEST_P(H2LimitsScenario, AConnectionThatIsNotReadIsCutOff) {
  settle();
  h2_->peer().pause_reading();
  for (int i = 0; i < 5; ++i) h2_->get("/big/5000000");
  loop_.run_for(29s);
  EXPECT_EQ(application_.gone, 0);
  loop_.run_for(2s);
  EXPECT_EQ(application_.gone, 5);
  EXPECT_EQ(server_->connections(), 0u);
}

// ---- draining ----

TEST_P(H2LimitsScenario, DrainingWarnsThenFinishesWhatRuns) {
  connect_h2();
  const int32_t before = h2_->get("/wait");
  loop_.run_until_idle();
  server_->drain();
  const int32_t meanwhile = h2_->get("/wait");  // sent before the warning can be here
  loop_.run_until_idle();
  EXPECT_EQ(h2_->goaways(), 2);
  EXPECT_EQ(h2_->last_stream(), meanwhile);
  EXPECT_EQ(application_.open(), 2u);
  application_.answer_waiting();
  loop_.run_for(5s);
  EXPECT_EQ(h2_->response(before).body, "waited");
  EXPECT_EQ(h2_->response(meanwhile).body, "waited");
  EXPECT_TRUE(over());
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(H2LimitsScenario, DrainingEndsIdleConnections) {
  settle();
  server_->drain();
  loop_.run_for(5s);
  EXPECT_TRUE(over());
  EXPECT_EQ(h2_->goaway_error(), NGHTTP2_NO_ERROR);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(H2LimitsScenario, AClientThatDoesNotAnswerDoesNotHoldUpDraining) {
  settle();
  h2_->peer().pause_reading();
  server_->drain();
  loop_.run_for(5s);
  EXPECT_EQ(server_->connections(), 0u);
}

// ---- malformed requests ----

TEST_P(H2LimitsScenario, MalformedHeadsAreRefusedAndTheConnectionGoesOn) {
  const std::pair<H2FieldList, int> cases[] = {
      {kGet + H2FieldList{{"Upper", "1"}}, 0},
      {kGet + H2FieldList{{"connection", "close"}}, 0},
      {kGet + H2FieldList{{"transfer-encoding", "chunked"}}, 0},
      {kGet + H2FieldList{{"te", "gzip"}}, 0},
      {kGet + H2FieldList{{":path", "/"}}, 0},
      {kGet + H2FieldList{{"x", "1"}, {":scheme", "http"}}, 0},
      {{{":method", "GET"}, {":path", "/"}, {":authority", "h"}}, 0},
      {kGet + H2FieldList{{"content-length", "5"}}, 0},
      {kGet + H2FieldList{{"a b", "1"}}, 400},
      {kGet + H2FieldList{{"x", "a\rb"}}, 400},
      {kGet + H2FieldList{{"host", "other"}}, 400},
      {{{":method", "GET"}, {":scheme", "ftp"}, {":path", "/"}, {":authority", "h"}}, 400},
      {{{":method", "GET"}, {":scheme", "http"}, {":path", "/a#b"}, {":authority", "h"}}, 400},
      {{{":method", "CONNECT"}, {":authority", "h:80"}}, 501},
      {{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "u@h"}}, 400},
  };
  for (const auto& [fields, status] : cases) {
    settle_raw();
    raw_->send(headers(fields));
    loop_.run_until_idle();
    const std::string what = testing::PrintToString(fields);
    EXPECT_EQ(raw_->response(1).status, status) << what;
    if (status == 0) {
      EXPECT_EQ(raw_->response(1).error, NGHTTP2_PROTOCOL_ERROR) << what;
    }
    raw_->send(headers({kGet[0], kGet[1], {":path", "/hello"}, kGet[3]}, 3));
    loop_.run_until_idle();
    EXPECT_EQ(raw_->response(3).body, "hello") << what;
  }
  for (const std::string& request : application_.requests) EXPECT_EQ(request, "GET /hello");
}

TEST_P(H2LimitsScenario, ABodyThatDoesNotMatchItsLengthIsReset) {
  for (const char* body : {"four", "sixsix"}) {
    connect_h2();
    const int32_t stream = h2_->request(
        {.method = "POST", .path = "/read", .fields = {{"content-length", "5"}}, .body = body});
    loop_.run_until_idle();
    EXPECT_EQ(h2_->response(stream).status, 0) << body;
    EXPECT_EQ(h2_->response(stream).error, NGHTTP2_PROTOCOL_ERROR) << body;
    EXPECT_FALSE(over());
  }
  EXPECT_EQ(application_.gone, 2);
}

TEST_P(H2LimitsScenario, OversizedHeadsAreRefused) {
  connect_h2();
  const int32_t target = h2_->get("/" + std::string(10'000, 'x'));
  const int32_t many = h2_->request({.fields = H2FieldList(120, {"x", "y"})});
  const int32_t large = h2_->request({.fields = {{"x", std::string(33'000, 'x')}}});
  const int32_t good = h2_->get("/hello");
  loop_.run_until_idle();
  EXPECT_EQ(h2_->response(target).status, 414);
  EXPECT_EQ(h2_->response(many).status, 431);
  EXPECT_EQ(h2_->response(large).status, 431);
  EXPECT_EQ(h2_->response(good).status, 200);
  EXPECT_EQ(server_->stats().refused, 3u);
}

TEST_P(H2LimitsScenario, BrokenRulesOfTheConnectionEndIt) {
  const std::string get = headers(kGet);
  const std::pair<std::string, uint32_t> cases[] = {
      {h2_frame(NGHTTP2_DATA, 0, 1, "idle stream"), NGHTTP2_PROTOCOL_ERROR},
      {h2_frame(NGHTTP2_DATA, 0, 0, "no stream"), NGHTTP2_PROTOCOL_ERROR},
      {headers(kGet, 2), NGHTTP2_PROTOCOL_ERROR},
      {h2_frame(NGHTTP2_RST_STREAM, 0, 1, std::string(4, '\0')), NGHTTP2_PROTOCOL_ERROR},
      {h2_frame(NGHTTP2_PING, 0, 0, "short"), NGHTTP2_FRAME_SIZE_ERROR},
      {h2_frame(NGHTTP2_SETTINGS, 0, 0, "12345"), NGHTTP2_FRAME_SIZE_ERROR},
      {h2_frame(NGHTTP2_CONTINUATION, kEndHeaders, 1, ""), NGHTTP2_PROTOCOL_ERROR},
      {headers(kGet, 1, kEndStream) + get, NGHTTP2_PROTOCOL_ERROR},
      {headers(kGet, 1, kEndStream) + h2_frame(NGHTTP2_PING, 0, 0, "12345678"),
       NGHTTP2_PROTOCOL_ERROR},
      {h2_frame(NGHTTP2_HEADERS, kEndStream | kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"),
       NGHTTP2_COMPRESSION_ERROR},
      {h2_frame(NGHTTP2_DATA, 0, 1, std::string(16'385, 'x')), NGHTTP2_FRAME_SIZE_ERROR},
      {h2_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string(4, '\0')), NGHTTP2_PROTOCOL_ERROR},
      {h2_frame(NGHTTP2_PUSH_PROMISE, kEndHeaders, 1, std::string(4, '\2')),
       NGHTTP2_PROTOCOL_ERROR},
      {get + h2_frame(NGHTTP2_DATA, 0, 1, "after its end"), NGHTTP2_STREAM_CLOSED},
      {get + headers(kGet, 1), NGHTTP2_STREAM_CLOSED},
  };
  int number = 0;
  for (const auto& [bytes, error] : cases) {
    EXPECT_EQ(error_after(bytes), error) << "case " << number;
    ++number;
  }
  EXPECT_EQ(application_.open(), 0u);
}

TEST_P(H2LimitsScenario, AnHttp1AnswerForWhatIsNoPreface) {
  EXPECT_EQ(statuses(exchange("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n")), "505");
  EXPECT_EQ(statuses(exchange(get("/hello") + std::string(kH2Preface))), "200 505")
      << "only at the beginning";
  connect();
  client_->send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
  loop_.run_for(3s);
  EXPECT_TRUE(client_->over());
}

// ---- floods ----

TEST_P(H2LimitsScenario, RapidResetsEndTheConnection) {
  settle_raw();
  int32_t stream = 1;
  for (; stream < 20'000 && !raw_->over(); stream += 2) {
    raw_->send(headers(kGet, stream) +
               h2_frame(NGHTTP2_RST_STREAM, 0, stream, std::string("\0\0\0\x8", 4)));
    if (stream % 100 == 1) loop_.run_until_idle();
  }
  const transport::H2FloodLimits limits;
  EXPECT_TRUE(raw_->over());
  EXPECT_EQ(raw_->goaway_error(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_GE(application_.requests.size(), limits.resets);
  EXPECT_LE(application_.requests.size(), limits.resets + 1'000u);
  EXPECT_EQ(application_.open(), 0u);
  EXPECT_EQ(server_->stats().h2_floods, 1u);
}

// A body that is longer than its head has said: the request is here, and we must end it.
TEST_P(H2LimitsScenario, StreamsThatTheClientMakesUsResetCountLikeItsOwn) {
  settle_raw();
  const H2FieldList post{{":method", "POST"}, kGet[1], kGet[2], kGet[3], {"content-length", "1"}};
  for (int32_t stream = 1; stream < 20'000 && !raw_->over(); stream += 2) {
    raw_->send(headers(post, stream, kEndHeaders) + h2_frame(NGHTTP2_DATA, 0, stream, "xx"));
    if (stream % 100 == 1) loop_.run_until_idle();
  }
  EXPECT_EQ(raw_->goaway_error(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_LE(application_.requests.size(), transport::H2FloodLimits().resets + 1'000u);
  EXPECT_EQ(application_.open(), 0u);
}

TEST_P(H2LimitsScenario, CancellingNowAndThenIsFine) {
  connect_h2();
  for (int i = 0; i < 2'000; ++i) {
    h2_->reset(h2_->get("/wait"), NGHTTP2_CANCEL);
    loop_.run_for(25ms);
  }
  EXPECT_FALSE(over());
  EXPECT_EQ(application_.gone, 2'000);
}

TEST_P(H2LimitsScenario, FloodsOfFramesThatBringNothingEndTheConnection) {
  const std::string frames[] = {
      h2_frame(NGHTTP2_PING, 0, 0, "12345678"),
      h2_frame(NGHTTP2_SETTINGS, 0, 0, ""),
      h2_frame(NGHTTP2_PRIORITY, 0, 7, std::string(5, '\1')),
      h2_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, std::string("\0\0\0\1", 4)),
  };
  for (const std::string& frame : frames) {
    EXPECT_LE(flood(frame, 100'000), 4'000);
    EXPECT_TRUE(raw_->over());
    EXPECT_EQ(raw_->goaway_error(), NGHTTP2_ENHANCE_YOUR_CALM);
  }
  EXPECT_EQ(server_->stats().h2_floods, std::size(frames));
}

TEST_P(H2LimitsScenario, EmptyDataFramesEndTheConnection) {
  settle_raw();
  raw_->send(headers({{":method", "POST"}, kGet[1], {":path", "/read"}, kGet[3]}, 1, kEndHeaders));
  const std::string empty = h2_frame(NGHTTP2_DATA, 0, 1, "");
  const std::string padded = h2_frame(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, std::string(8, '\7'));
  for (int i = 0; i < 10'000 && !raw_->over(); ++i) {
    raw_->send(i % 2 == 0 ? empty : padded);
    if (i % 100 == 0) loop_.run_until_idle();
  }
  EXPECT_EQ(raw_->goaway_error(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(application_.open(), 0u);
}

TEST_P(H2LimitsScenario, ContinuationsWithoutEndEndTheConnection) {
  settle_raw();
  raw_->send(headers(kGet, 1, kEndStream));
  int sent = 0;
  for (; sent < 1'000 && !raw_->over(); ++sent) {
    raw_->send(h2_frame(NGHTTP2_CONTINUATION, 0, 1, h2_block({{"x", "y"}})));
    loop_.run_until_idle();
  }
  EXPECT_LE(sent, 10);
  EXPECT_EQ(raw_->goaway_error(), NGHTTP2_ENHANCE_YOUR_CALM);
}

// One entry of 4 KB in the table, and then only references to it: a few bytes each.
TEST_P(H2LimitsScenario, ABombOfReferencesEndsTheConnection) {
  settle_raw();
  std::string bomb = h2_block(kGet);
  const std::string value(100, 'v');
  bomb += "\x40\x01x" + std::string(1, static_cast<char>(value.size())) + value;
  bomb += std::string(10'000, '\xbe');  // the first entry of the dynamic table
  raw_->send(h2_frame(NGHTTP2_HEADERS, kEndStream | kEndHeaders, 1, bomb));
  loop_.run_until_idle();
  EXPECT_TRUE(raw_->over());
  EXPECT_EQ(raw_->goaway_error(), NGHTTP2_ENHANCE_YOUR_CALM);
  EXPECT_EQ(application_.requests.size(), 0u);
}

TEST_P(H2LimitsScenario, AClientThatTakesNoAnswersIsNotReadFromForEver) {
  settle_raw();
  raw_->peer().pause_reading();
  for (int i = 0; i < 50'000; ++i) raw_->send(h2_frame(NGHTTP2_PING, 0, 0, "12345678"));
  loop_.run_for(40s);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(H2LimitsScenario, ALongDownloadIsNoFlood) {
  connect_h2({.stream_window = 20'000, .grants = true});
  const int32_t stream = h2_->get("/big/30000000");
  loop_.run_until_idle();
  EXPECT_TRUE(h2_->response(stream).complete);
  EXPECT_EQ(h2_->response(stream).body.size(), 30'000'000u);
}

}  // namespace
}  // namespace warmgate::test
