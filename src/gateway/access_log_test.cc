#include "gateway/access_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace warmgate::gateway {
namespace {

AccessRecord usual_record() {
  AccessRecord record;
  record.service = "digits";
  record.method = "POST";
  record.target = "/v2/models/digits/infer";
  record.user_agent = "curl/8";
  record.trace = "0af7651916cd43dd8448eb211c80319c";
  record.reason = "cold";
  record.client_ip = "127.0.0.1";
  record.answerer = Answerer::always_on;
  record.status = 200;
  record.attempts = 1;
  record.request_bytes = 800;
  record.response_bytes = 150;
  record.latency = 12345us;
  record.queued = 42us;
  return record;
}

std::string line(const AccessRecord& record, config::LogFormat format) {
  std::vector<char> room(line_room(record));
  Pen pen(room.data());
  put_line(pen, format, record, 1'792'585'800.0625);
  return {room.data(), pen.at()};
}

TEST(AccessLog, json_line) {
  EXPECT_EQ(line(usual_record(), config::LogFormat::json),
            R"({"severity":"INFO","time":"2026-10-21T12:30:00.062Z",)"
            R"("httpRequest":{"requestMethod":"POST","requestUrl":"/v2/models/digits/infer",)"
            R"("status":200,"requestSize":"800","responseSize":"150","latency":"0.012345s",)"
            R"("remoteIp":"127.0.0.1","protocol":"HTTP/1.1","userAgent":"curl/8"},)"
            R"("logging.googleapis.com/trace":"0af7651916cd43dd8448eb211c80319c",)"
            R"("service":"digits","pool":"always-on","reason":"cold","attempts":1,)"
            R"("queuedMs":0.042})"
            "\n");
}

TEST(AccessLog, json_line_names_the_version_of_http) {
  AccessRecord record = usual_record();
  record.version = "2.0";
  EXPECT_NE(line(record, config::LogFormat::json).find(R"("protocol":"HTTP/2.0")"),
            std::string::npos);
}

TEST(AccessLog, says_how_much_later_than_its_head_a_body_came) {
  AccessRecord record = usual_record();
  record.body = 1'234'567us;
  EXPECT_NE(line(record, config::LogFormat::json).find(R"("queuedMs":0.042,"bodyMs":1234.567})"),
            std::string::npos);
  EXPECT_NE(line(record, config::LogFormat::text).find("(queued 0.042ms, body 1234.567ms) digits"),
            std::string::npos);
}

TEST(AccessLog, text_line) {
  EXPECT_EQ(line(usual_record(), config::LogFormat::text),
            "2026-10-21T12:30:00.062Z 127.0.0.1 POST /v2/models/digits/infer 200 12.345ms "
            "(queued 0.042ms) digits always-on cold attempts=1 in=800 out=150\n");
}

// The longest that each part can be: nothing is written beyond the room for it (ASan would tell).
TEST(AccessLog, the_longest_line_is_still_json) {
  const std::string bytes(8192, '\x01'), ip(45, 'f'), name(63, 's');
  AccessRecord record;
  record.service = name;

  record.target = bytes;
  record.user_agent = bytes;
  record.client_ip = ip;
  record.reason = "always-on-down";
  record.status = 599;
  record.attempts = UINT32_MAX;
  record.request_bytes = record.response_bytes = UINT64_MAX;
  record.latency = record.queued = record.body = Duration::max();
  const auto json = nlohmann::json::parse(line(record, config::LogFormat::json));
  EXPECT_EQ(json["httpRequest"]["requestUrl"], bytes);
  EXPECT_EQ(json["httpRequest"]["responseSize"], "18446744073709551615");
  EXPECT_EQ(json["severity"], "ERROR");
}

TEST(AccessLog, a_client_that_left_has_the_status_499) {
  AccessRecord record = usual_record();
  record.status = 0;
  const auto json = nlohmann::json::parse(line(record, config::LogFormat::json));
  EXPECT_EQ(json["httpRequest"]["status"], 499);
  EXPECT_EQ(json["severity"], "WARNING");
}

}  // namespace
}  // namespace warmgate::gateway
