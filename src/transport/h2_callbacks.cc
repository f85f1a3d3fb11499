#include "transport/h2_callbacks.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/assert.h"
#include "transport/h2_fields.h"
#include "transport/h2_session.h"

namespace warmgate::transport {
namespace {

constexpr size_t kMaxOutboundAcks = 1000;  // of PING and SETTINGS, that the peer does not take
constexpr size_t kMaxSettings = 32;        // entries of one SETTINGS frame
constexpr size_t kMaxContinuations = 8;    // frames behind one HEADERS: 144 KiB with it
constexpr size_t kMaxSentHead = 2 << 20;   // of ours, which has its limits already
constexpr uint32_t kNoBuiltInLimit = 1'000'000;  // resets: ours has the loop's time

std::string_view text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

struct H2Callbacks {
  static H2Session& of(void* user) { return *static_cast<H2Session*>(user); }
  static H2Stream* stream(nghttp2_session* session, int32_t id) {
    return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }
  static bool ends(const nghttp2_frame_hd& head) {
    return (head.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  }
  static bool is_ack(const nghttp2_frame_hd& head) { return (head.flags & NGHTTP2_FLAG_ACK) != 0; }

  // ---- what comes ----

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    H2Session& self = of(user);
    const bool padded = (head->flags & NGHTTP2_FLAG_PADDED) != 0;
    switch (head->type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_CONTINUATION:
      case NGHTTP2_RST_STREAM:
        break;
      case NGHTTP2_DATA:
        // Padding may be all that there is; a piece of the body makes good for it.
        if (!ends(*head) && (head->length == 0 || padded)) self.note_idle_frame();
        break;
      case NGHTTP2_PRIORITY:
        // nghttp2 does not look at priorities that nobody follows (RFC 9113, 6.3).
        if (head->stream_id == 0) return NGHTTP2_ERR_CALLBACK_FAILURE;
        self.note_idle_frame();
        break;
      default:
        self.note_idle_frame();
    }
    return 0;
  }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    of(user).begin_block(frame->hd.stream_id, frame->headers.cat == NGHTTP2_HCAT_REQUEST);
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name,
                       size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                       void* user) {
    of(user).add_to_block(text(name, name_size), text(value, value_size));
    return 0;
  }

  // Without this, nghttp2 would drop a malformed field and go on.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const uint8_t*, size_t,
                               const uint8_t*, size_t, uint8_t, void* user) {
    of(user).block_.refuse_field();
    return 0;
  }

  static int on_data(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data,
                     size_t size, void* user) {
    H2Session& self = of(user);
    self.guard_.on_work();
    if (H2Stream* its = stream(session, id)) {
      its->take(text(data, size));
    } else {
      self.consume(id, size);
    }
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Session& self = of(user);
    H2Stream* its = stream(session, frame->hd.stream_id);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        self.end_block(its, ends(frame->hd));
        break;
      case NGHTTP2_DATA:
        if (its != nullptr && ends(frame->hd)) its->take_end();
        break;
      case NGHTTP2_RST_STREAM:
        // What a backend resets we have asked for: it cannot be more than that.
        if (self.role_ == H2Session::Role::server || its == nullptr) self.note_reset();
        if (its != nullptr) its->on_reset_by_peer();
        break;
      case NGHTTP2_SETTINGS:
        if (!is_ack(frame->hd)) self.on_settings();
        break;
      case NGHTTP2_PING:
        if (is_ack(frame->hd)) self.on_ping_answered();
        break;
      case NGHTTP2_GOAWAY:
        self.on_goaway(frame->goaway.last_stream_id, frame->goaway.error_code);
        break;
      default:
        break;
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, int32_t id, uint32_t error, void* user) {
    if (H2Stream* its = stream(session, id)) of(user).stream_closed(*its, error);
    return 0;
  }

  // ---- what goes ----

  static ssize_t read_output(nghttp2_session*, int32_t, uint8_t*, size_t most, uint32_t* flags,
                             nghttp2_data_source* source, void*) {
    return static_cast<H2Stream*>(source->ptr)->next_output(most, *flags);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const uint8_t* frame_head, size_t size,
                       nghttp2_data_source* source, void* user) {
    constexpr size_t kFrameHead = 9;
    H2Stream& its = *static_cast<H2Stream*>(source->ptr);
    return of(user).send_data(its, text(frame_head, kFrameHead), size) ? 0 : NGHTTP2_ERR_WOULDBLOCK;
  }

  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Stream* its = stream(session, frame->hd.stream_id);
    const bool message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (frame->hd.type == NGHTTP2_HEADERS && its != nullptr) its->on_head_sent();
    if (message && ends(frame->hd) && its != nullptr) its->on_all_sent();
    // nghttp2 itself ends a stream whose peer broke a rule.
    const bool ours = its != nullptr && its->reset_by_us_;
    if (frame->hd.type == NGHTTP2_RST_STREAM && !ours) of(user).note_reset();
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      of(user).note_problem(std::string("the peer does not speak HTTP/2 as it should: ") +
                            nghttp2_http2_strerror(frame->goaway.error_code));
    }
    return 0;
  }

  // A head that cannot be sent, because it is too long, say: the peer shall not wait for it. After
  // a request's, nghttp2 closes the stream, of which the peer has not heard.
  static int on_frame_not_sent(nghttp2_session* session, const nghttp2_frame* frame, int error,
                               void* user) {
    H2Stream* its = stream(session, frame->hd.stream_id);
    if (frame->hd.type != NGHTTP2_HEADERS || its == nullptr) return 0;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      its->on_head_refused(error);
    } else {
      its->reset(NGHTTP2_INTERNAL_ERROR);
      of(user).wake();
    }
    return 0;
  }

  static nghttp2_session_callbacks* all() {
    nghttp2_session_callbacks* made = nullptr;
    WG_ASSERT(nghttp2_session_callbacks_new(&made) == 0, "out of memory");
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(made, send_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(made, on_frame_not_sent);
    return made;
  }

  static nghttp2_option* options() {
    nghttp2_option* made = nullptr;
    WG_ASSERT(nghttp2_option_new(&made) == 0, "out of memory");
    nghttp2_option_set_no_auto_window_update(made, 1);
    nghttp2_option_set_max_outbound_ack(made, kMaxOutboundAcks);
    nghttp2_option_set_max_settings(made, kMaxSettings);
    nghttp2_option_set_max_send_header_block_length(made, kMaxSentHead);
    nghttp2_option_set_max_continuations(made, kMaxContinuations);
    nghttp2_option_set_stream_reset_rate_limit(made, kNoBuiltInLimit, kNoBuiltInLimit);
    return made;
  }
};

nghttp2_data_provider h2_output_of(H2Stream& stream) {
  nghttp2_data_provider provider;
  provider.source.ptr = &stream;
  provider.read_callback = H2Callbacks::read_output;
  return provider;
}

nghttp2_session* make_h2_session(H2Session& session, bool server) {
  static nghttp2_session_callbacks* const callbacks = H2Callbacks::all();
  static nghttp2_option* const options = H2Callbacks::options();
  nghttp2_session* made = nullptr;
  const int result = server ? nghttp2_session_server_new2(&made, callbacks, &session, options)
                            : nghttp2_session_client_new2(&made, callbacks, &session, options);
  WG_ASSERT(result == 0, "out of memory");
  return made;
}

void submit_h2_settings(nghttp2_session* session, const H2Limits& limits,
                        const http::HeadLimits& head, bool server) {
  // What a list of fields counts beside its text (RFC 9113, 6.5.2), and HTTP/1 does not.
  constexpr size_t kEach = 32;
  const auto list =
      static_cast<uint32_t>(std::min<size_t>(head.max_bytes + kEach * head.max_fields, INT32_MAX));
  std::vector<nghttp2_settings_entry> settings{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, list},
      // Priorities of RFC 7540 are not followed; a tree of them need not be built, either.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
  if (server) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_streams});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(limits.connection_window));
}

}  // namespace warmgate::transport
