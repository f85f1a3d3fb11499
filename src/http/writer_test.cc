#include "http/writer.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/prng.h"
#include "http/bytes.h"
#include "http/testing.h"

namespace warmgate::http {
namespace {

TEST(Writer, RequestHead) {
  const std::vector<Field> fields = {{"Accept", "*/*", FieldName::accept}, {"X", "", {}}};
  std::string out = "before ";
  append_request_head(out, "POST", "/infer?x", "a:80", fields, BodyLength::of(12), true);
  EXPECT_EQ(out,
            "before POST /infer?x HTTP/1.1\r\nHost: a:80\r\nAccept: */*\r\nX: \r\n"
            "Content-Length: 12\r\n\r\n");
  out.clear();
  append_request_head(out, "GET", "/", "a", {}, BodyLength::none(), false);
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
}

TEST(Writer, Upgrade) {
  std::string out;
  const Field key{"Key", "k", {}};
  append_response_head(out, 101, with_upgrade({&key, 1}, "websocket"), BodyLength::none(), false);
  EXPECT_EQ(out,
            "HTTP/1.1 101 Switching Protocols\r\nKey: k\r\nConnection: upgrade\r\n"
            "Upgrade: websocket\r\n\r\n");
}

TEST(Writer, ResponseHead) {
  std::string out;
  append_response_head(out, 503, {}, BodyLength::of(0), true);
  EXPECT_EQ(out,
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  out.clear();
  append_response_head(out, 299, {}, BodyLength::chunked(), false);
  EXPECT_EQ(out, "HTTP/1.1 299 \r\nTransfer-Encoding: chunked\r\n\r\n");
  out.clear();
  append_response_head(out, 200, {}, {Framing::until_close, 0}, false);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

// append_response_head() measures its room by this.
TEST(Writer, NoHeadWithoutFieldsIsLongerThan128Bytes) {
  for (uint16_t status = 100; status < 600; ++status) {
    std::string out;
    append_response_head(out, status, {}, BodyLength::of(UINT64_MAX), true);
    EXPECT_LE(out.size(), 128u) << out;
  }
}

TEST(Writer, Chunks) {
  std::string out;
  append_chunk_size(out, 0x1f);
  append_chunk_size(out, UINT64_MAX);
  append_last_chunk(out, {});
  EXPECT_EQ(out, "1f\r\nffffffffffffffff\r\n0\r\n\r\n");
}

TEST(Writer, SafeValues) {
  EXPECT_TRUE(is_safe_value("a b\tc"));
  EXPECT_FALSE(is_safe_value("a\r"));
  EXPECT_FALSE(is_safe_value("a\nb"));
  EXPECT_FALSE(is_safe_value(std::string_view("a\0b", 3)));
}

// Random messages: what the writer writes, the parser reads back, whole and in pieces.
class RandomMessage {
 public:
  explicit RandomMessage(uint64_t seed) : random_(seed) {
    const size_t count = random_.below(20);
    for (size_t i = 0; i < count; ++i) {
      names_.push_back("x-" + text(kTokenByte, 1, 30));
      values_.push_back(value());
    }
    for (size_t i = 0; i < count; ++i) fields_.push_back({names_[i], values_[i], {}});
    for (size_t chunks = random_.below(5); chunks-- > 0;) {
      chunks_.push_back(text(kTargetByte, 1, 200));
    }
  }

  std::string wire(bool response, bool chunked) {
    std::string body;
    for (const std::string& chunk : chunks_) body += chunk;
    const auto length = chunked ? BodyLength::chunked() : BodyLength::of(body.size());
    const bool keep_alive = random_.chance(0.5);
    std::string out;
    if (response) {
      append_response_head(out, 200, fields_, length, !keep_alive);
    } else {
      append_request_head(out, text(kTokenByte, 1, 10), "/" + text(kTargetByte, 0, 60), "host:1",
                          fields_, length, keep_alive);
    }
    if (!chunked) return out + body;
    for (const std::string& chunk : chunks_) {
      append_chunk_size(out, chunk.size());
      out.append(chunk).append("\r\n");
    }
    append_last_chunk(out, fields_);
    return out;
  }

  // How testing::read_whole tells the fields, the body and the trailers.
  std::string told_fields() const {
    std::string told;
    for (const Field& f : fields_)
      told.append(" [").append(f.name).append("=").append(f.value) += ']';
    return told;
  }
  std::string told_body(bool chunked) const {
    std::string told = " body=";
    for (const std::string& chunk : chunks_) told += chunk;
    if (chunked) {
      for (const Field& f : fields_) {
        told.append(" {").append(f.name).append("=").append(f.value) += '}';
      }
    }
    return told + " rest=0";
  }

 private:
  std::string text(uint8_t byte_class, size_t min, size_t max) {
    std::string out;
    for (size_t size = min + random_.below(max - min + 1); out.size() < size;) {
      const auto c = static_cast<char>(random_.below(256));
      if (is_a(c, byte_class)) out += c;
    }
    return out;
  }
  std::string value() {
    std::string out;
    for (size_t size = random_.below(60); out.size() < size;) {
      const auto c = static_cast<char>(random_.below(256));
      if (!is_control(c) || c == '\t') out += c;
    }
    return std::string(trim_ows(out.data(), out.data() + out.size()));
  }

  Prng random_;
  std::vector<std::string> names_, values_, chunks_;
  std::vector<Field> fields_;
};

TEST(Writer, ParserReadsWhatItWrites) {
  const uint64_t first_seed = 20240229;
  for (uint64_t seed = first_seed; seed < first_seed + 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomMessage message(seed);
    const bool response = seed % 2 == 0, chunked = seed % 3 == 0;
    const testing::Reading reading{.response = response};
    const std::string wire = message.wire(response, chunked);
    const std::string outcome = testing::read_whole(reading, wire);
    EXPECT_NE(outcome.find(message.told_fields()), std::string::npos) << outcome;
    EXPECT_TRUE(outcome.ends_with(message.told_body(chunked))) << outcome;
    for (size_t at = seed % 7; at < wire.size(); at += 31) {
      ASSERT_EQ(testing::read_split(reading, wire, at), outcome) << "split at " << at;
    }
  }
}

}  // namespace
}  // namespace warmgate::http
