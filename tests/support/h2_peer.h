// H2Peer: an HTTP/2 client for scripts, on nghttp2: makes requests, and collects what comes of
// them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/h2_frames.h"
#include "support/raw_peer.h"

namespace warmgate::test {

struct H2Response {
  std::vector<int> interim;
  int status = 0;
  H2FieldList fields;
  std::string body;
  H2FieldList trailers;
  bool head_over = false;         // further fields are trailers
  bool complete = false;          // its end was read
  std::optional<uint32_t> error;  // the stream is closed, with this code

  std::string field(std::string_view name) const;
};

struct H2Request {
  std::string method = "GET";
  std::string path = "/";
  H2FieldList fields{};
  std::string body{};
  H2FieldList trailers{};
  bool ends = true;  // false: more will come, by finish()
};

class H2Peer {
 public:
  struct Settings {
    uint32_t stream_window = 1 << 20;
    bool grants = true;  // gives windows back as it reads
  };
  H2Peer(std::unique_ptr<net::Stream> connecting, const Settings& settings);
  H2Peer(net::Loop& loop, const net::Address& to)
      : H2Peer(std::move(*loop.connect(to)), Settings{}) {}
  H2Peer(net::Loop& loop, const net::Address& to, const Settings& settings)
      : H2Peer(std::move(*loop.connect(to)), settings) {}
  ~H2Peer();

  int32_t request(const H2Request& request = {});  // its stream
  int32_t get(const std::string& path) { return request({.path = path}); }
  void send_body(int32_t stream, std::string_view piece, bool ends);
  void reset(int32_t stream, uint32_t error);
  void grant(int32_t stream, int32_t bytes);  // more window, where `grants` is false

  RawPeer& peer() { return peer_; }
  H2Response& response(int32_t stream) { return responses_[stream]; }
  size_t sent_body(int32_t stream) { return outputs_[stream].sent; }
  size_t complete() const;
  // GOAWAYs: the last one's stream and error.
  int goaways() const { return goaways_; }
  int32_t last_stream() const { return last_stream_; }
  uint32_t goaway_error() const { return goaway_error_; }
  uint32_t remote_setting(nghttp2_settings_id id) const {
    return nghttp2_session_get_remote_settings(session_, id);
  }

 private:
  struct Output {
    std::string bytes;
    size_t sent = 0;
    bool ended = false;
    H2FieldList trailers;
  };
  static nghttp2_session_callbacks* callbacks();
  void feed();
  void flush();
  void on_frame(const nghttp2_frame& frame);
  void on_header(const nghttp2_frame& frame, std::string name, std::string value);
  ssize_t read_output(int32_t stream, uint8_t* into, size_t most, uint32_t* flags);

  RawPeer peer_;
  const bool grants_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, H2Response> responses_;
  std::map<int32_t, Output> outputs_;
  int goaways_ = 0;
  int32_t last_stream_ = 0;
  uint32_t goaway_error_ = 0;
};

}  // namespace warmgate::test
