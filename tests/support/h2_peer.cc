#include "support/h2_peer.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace warmgate::test {
namespace {

uint8_t* bytes(const std::string& text) {
  return const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(text.data()));
}

std::vector<nghttp2_nv> as_nv(const H2FieldList& fields) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    list.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return list;
}

}  // namespace

std::string H2Response::field(std::string_view name) const {
  for (const auto& [its_name, value] : fields) {
    if (its_name == name) return value;
  }
  return "";
}

nghttp2_session_callbacks* H2Peer::callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      made, [](nghttp2_session*, const nghttp2_frame* frame, void* self) {
        static_cast<H2Peer*>(self)->on_frame(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      made, [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
               const uint8_t* value, size_t value_size, uint8_t, void* self) {
        static_cast<H2Peer*>(self)->on_header(
            *frame, std::string(reinterpret_cast<const char*>(name), name_size),
            std::string(reinterpret_cast<const char*>(value), value_size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      made, [](nghttp2_session* session, uint8_t, int32_t stream, const uint8_t* data, size_t size,
               void* user) {
        auto& self = *static_cast<H2Peer*>(user);
        self.responses_[stream].body.append(reinterpret_cast<const char*>(data), size);
        nghttp2_session_consume_connection(session, size);
        if (self.grants_) nghttp2_session_consume_stream(session, stream, size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      made, [](nghttp2_session*, int32_t stream, uint32_t error, void* self) {
        static_cast<H2Peer*>(self)->responses_[stream].error = error;
        return 0;
      });
  return made;
}

H2Peer::H2Peer(std::unique_ptr<net::Stream> connecting, const Settings& settings)
    : peer_(std::move(connecting), false), grants_(settings.grants) {
  static nghttp2_session_callbacks* const all = callbacks();
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_session_client_new2(&session_, all, this, options);
  nghttp2_option_del(options);
  const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.stream_window};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 4 << 20);
  peer_.on_input = [this](RawPeer&) { feed(); };
  flush();
}

H2Peer::~H2Peer() {
  nghttp2_session_del(session_);
}

int32_t H2Peer::request(const H2Request& request) {
  H2FieldList fields{{":method", request.method}, {":scheme", "http"}, {":path", request.path}};
  const bool has_authority = std::ranges::any_of(
      request.fields, [](const auto& field) { return field.first == ":authority"; });
  if (!has_authority) fields.emplace_back(":authority", "h");
  fields.insert(fields.end(), request.fields.begin(), request.fields.end());
  const auto list = as_nv(fields);
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = [](nghttp2_session*, int32_t stream, uint8_t* into, size_t most,
                              uint32_t* flags, nghttp2_data_source* source, void*) {
    return static_cast<H2Peer*>(source->ptr)->read_output(stream, into, most, flags);
  };
  const bool with_body = !request.body.empty() || !request.ends || !request.trailers.empty();
  const int32_t stream = nghttp2_submit_request(session_, nullptr, list.data(), list.size(),
                                                with_body ? &provider : nullptr, nullptr);
  WG_ASSERT(stream > 0, "a script asks for what nghttp2 refuses");
  outputs_[stream] = {request.body, 0, request.ends, request.trailers};
  responses_[stream];
  flush();
  return stream;
}

ssize_t H2Peer::read_output(int32_t stream, uint8_t* into, size_t most, uint32_t* flags) {
  Output& output = outputs_[stream];
  const size_t size = std::min(most, output.bytes.size() - output.sent);
  if (size == 0 && !output.ended) return NGHTTP2_ERR_DEFERRED;
  std::memcpy(into, output.bytes.data() + output.sent, size);
  output.sent += size;
  if (output.ended && output.sent == output.bytes.size()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!output.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto list = as_nv(output.trailers);
      nghttp2_submit_trailer(session_, stream, list.data(), list.size());
    }
  }
  return static_cast<ssize_t>(size);
}

void H2Peer::send_body(int32_t stream, std::string_view piece, bool ends) {
  outputs_[stream].bytes.append(piece);
  outputs_[stream].ended = ends;
  nghttp2_session_resume_data(session_, stream);
  flush();
}

void H2Peer::reset(int32_t stream, uint32_t error) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, error);
  flush();
}

void H2Peer::grant(int32_t stream, int32_t size) {
  nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, stream, size);
  flush();
}

size_t H2Peer::complete() const {
  return static_cast<size_t>(
      std::ranges::count_if(responses_, [](const auto& entry) { return entry.second.complete; }));
}

void H2Peer::on_frame(const nghttp2_frame& frame) {
  H2Response& response = responses_[frame.hd.stream_id];
  const bool message = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (message && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) response.complete = true;
  if (frame.hd.type == NGHTTP2_HEADERS && response.status != 0) response.head_over = true;
  if (frame.hd.type != NGHTTP2_GOAWAY) return;
  ++goaways_;
  last_stream_ = frame.goaway.last_stream_id;
  goaway_error_ = frame.goaway.error_code;
}

void H2Peer::on_header(const nghttp2_frame& frame, std::string name, std::string value) {
  H2Response& response = responses_[frame.hd.stream_id];
  if (name == ":status") {
    const int status = std::stoi(value);
    if (status < 200) return response.interim.push_back(status);
    response.status = status;
  } else if (response.status == 0) {
    return;  // of an interim one
  } else if (response.head_over) {
    response.trailers.emplace_back(std::move(name), std::move(value));
  } else {
    response.fields.emplace_back(std::move(name), std::move(value));
  }
}

void H2Peer::feed() {
  const std::string input = peer_.received();
  peer_.clear_received();
  if (input.empty()) return;
  nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(input.data()), input.size());
  flush();
}

void H2Peer::flush() {
  const uint8_t* data = nullptr;
  for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &data)) > 0;) {
    peer_.send({reinterpret_cast<const char*>(data), static_cast<size_t>(size)});
  }
}

}  // namespace warmgate::test
