#include "support/h2_raw_backend.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace warmgate::test {

std::string H2Asked::field(std::string_view name) const {
  for (const auto& [its_name, value] : fields) {
    if (its_name == name) return value;
  }
  return "";
}

void H2RawBackendConnection::answer(int32_t stream, std::string_view body) {
  send(h2_head(stream, {{":status", "200"}}, body.empty()));
  if (!body.empty()) send(h2_frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, stream, body));
}

H2RawBackend::H2RawBackend(net::Loop& loop, const net::Address& at, Habits habits)
    : habits_(std::move(habits)), server_(loop, at, [this](RawPeer& peer) { feed(of(peer)); }) {}

H2RawBackendConnection& H2RawBackend::of(RawPeer& peer) {
  const auto known = std::ranges::find_if(
      connections_, [&peer](const H2RawBackendConnection& each) { return &each.peer == &peer; });
  if (known != connections_.end()) return *known;
  connections_.emplace_back(peer);
  peer.send(habits_.settings);
  return connections_.back();
}

H2RawBackendConnection& H2RawBackend::connection(size_t index) {
  return *std::next(connections_.begin(), static_cast<std::ptrdiff_t>(index));
}

size_t H2RawBackend::asked() const {
  size_t count = 0;
  for (const H2RawBackendConnection& each : connections_) count += each.asked.size();
  return count;
}

void H2RawBackend::feed(H2RawBackendConnection& connection) {
  const std::string input = connection.peer.received();
  std::string_view rest = input;
  if (!connection.begun) {
    if (rest.size() < kH2Preface.size()) return;
    connection.begun = true;
    rest.remove_prefix(kH2Preface.size());
  }
  connection.peer.clear_received();
  for (H2Frame frame; take_h2_frame(rest, frame);) on_frame(connection, frame);
  connection.peer.put_back(rest);
}

void H2RawBackend::on_frame(H2RawBackendConnection& connection, const H2Frame& frame) {
  const bool ends = frame.has(NGHTTP2_FLAG_END_STREAM);
  const auto asked = [&]() -> H2Asked& { return connection.asked[frame.stream]; };
  switch (frame.type) {
    case NGHTTP2_SETTINGS:
      if (frame.has(NGHTTP2_FLAG_ACK)) {
        ++connection.settings_acknowledged;
      } else {
        connection.send(h2_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));
      }
      break;
    case NGHTTP2_HEADERS:
      (asked().fields.empty() ? asked().fields : asked().trailers) =
          connection.inflater.inflate(frame.payload);
      break;
    case NGHTTP2_DATA:
      asked().body.append(frame.payload);
      if (!habits_.grants || frame.payload.empty()) break;
      for (const int32_t stream : {0, frame.stream}) {
        connection.send(h2_frame(NGHTTP2_WINDOW_UPDATE, 0, stream,
                                 h2_number(static_cast<uint32_t>(frame.payload.size()))));
      }
      break;
    case NGHTTP2_WINDOW_UPDATE:
      connection.granted[frame.stream] += frame.number();
      return;
    case NGHTTP2_RST_STREAM:
      asked().error = frame.number();
      return;
    case NGHTTP2_PING:
      ++connection.pings;
      if (habits_.answers_pings && !frame.has(NGHTTP2_FLAG_ACK)) {
        connection.send(h2_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, frame.payload));
      }
      return;
    case NGHTTP2_GOAWAY:
      connection.went_away = true;
      connection.goaway_error = frame.number(4);
      return;
    default:
      return;
  }
  if (frame.stream == 0 || !ends) return;
  asked().complete = true;
  if (habits_.answers) connection.answer(frame.stream);
}

}  // namespace warmgate::test
