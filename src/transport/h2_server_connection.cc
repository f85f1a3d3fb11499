#include "transport/h2_server_connection.h"

#include <nghttp2/nghttp2.h>

#include <utility>

#include "transport/h2_server_stream.h"

namespace warmgate::transport {

H2ServerConnection::H2ServerConnection(Server& server, const net::Stream& stream)
    : H2Session(server.loop_, Role::server, server.limits_.h2, server.limits_.head,
                server.limits_.write_timeout),
      server_(server),
      peer_(stream.peer()),
      peer_ip_(peer_.ip()),
      secure_(stream.secure()),
      idle_timer_(server.loop_.timers(), [this] { on_idle(); }),
      head_timer_(server.loop_.timers(), [this] { on_slow_head(); }),
      drain_timer_(server.loop_.timers(), [this] { name_last_request(); }) {}

void H2ServerConnection::begin(std::unique_ptr<net::Stream> stream, std::string_view begun) {
  idle_timer_.arm_after(server_.limits_.header_timeout);
  start(std::move(stream), begun);
}

// ---- requests ----

H2Stream* H2ServerConnection::open_stream(int32_t id) {
  return &adopt(std::make_unique<H2ServerStream>(*this), id);
}

void H2ServerConnection::on_settings() {
  if (std::exchange(settled_, true)) return;
  idle_timer_.arm_after(server_.limits_.keep_alive);
}

// A head that came whole costs no timer. Slow bytes do not extend the time of one that did not.
void H2ServerConnection::on_fed() {
  if (!block_open()) {
    head_timer_.disarm();
  } else if (!head_timer_.armed()) {
    head_timer_.arm_after(server_.limits_.header_timeout);
  }
  if (flooded() && !std::exchange(flood_counted_, true)) ++server_.stats_.h2_floods;
}

void H2ServerConnection::on_stream_over() {
  if (streams().empty()) idle_timer_.arm_after(server_.limits_.keep_alive);
}

// ---- ends ----

void H2ServerConnection::on_idle() {
  if (streams().empty()) go_away(NGHTTP2_NO_ERROR);
}

void H2ServerConnection::on_slow_head() {
  if (block_open()) go_away(NGHTTP2_NO_ERROR);
}

void H2ServerConnection::drain() {
  if (drain_ != Drain::none || !open()) return;
  drain_ = Drain::warned;
  nghttp2_submit_shutdown_notice(get());
  nghttp2_submit_ping(get(), NGHTTP2_FLAG_NONE, nullptr);
  drain_timer_.arm_after(kWarningTime);
  wake();
}

void H2ServerConnection::on_ping_answered() {
  if (drain_ == Drain::warned) name_last_request();
}

void H2ServerConnection::name_last_request() {
  drain_ = Drain::last_named;
  drain_timer_.disarm();
  nghttp2_submit_goaway(get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  wake();
}

void H2ServerConnection::on_turn() {
  if (server_.draining_) drain();
  if (drain_ == Drain::last_named && streams().empty()) go_away(NGHTTP2_NO_ERROR);
}

void H2ServerConnection::on_over() {
  server_.bury(self_);
}

}  // namespace warmgate::transport
