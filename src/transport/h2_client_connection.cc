#include "transport/h2_client_connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <utility>

#include "transport/h2_client_stream.h"

namespace warmgate::transport {

H2ClientConnection::H2ClientConnection(ClientPool& pool, std::unique_ptr<net::Stream> stream)
    : H2Session(pool.loop_, Role::client, pool.limits_.h2, pool.limits_.head,
                pool.limits_.write_timeout),
      ClientConnection(pool),
      peer_(stream->peer()),
      secure_(stream->secure()),
      idle_timer_(loop().timers(),
                  [this] {
                    if (idle()) retire();
                  }),
      doubt_timer_(loop().timers(), [this] {
        note_problem("the connection is dead: a PING was not answered");
        close(true);
      }) {
  idle_timer_.arm_after(pool.limits_.keep_alive);
  start(std::move(stream), {});
}

// ---- transactions ----

size_t H2ClientConnection::room() const {
  // Stream identifiers are used once each (RFC 9113, 5.1.1); far before their end is soon enough.
  constexpr uint32_t kLastIdentifier = 1u << 30;
  if (!open() || doomed() || retired_ ||
      nghttp2_session_get_next_stream_id(get()) > kLastIdentifier) {
    return 0;
  }
  const size_t most =
      std::min(limits().max_streams,
               nghttp2_session_get_remote_settings(get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
  return most - std::min(most, streams().size());
}

ClientTransaction& H2ClientConnection::begin(ClientHandler& handler) {
  const bool reused = std::exchange(served_, true);
  if (reused) ++pool_.stats_.reused;
  auto stream = std::make_unique<H2ClientStream>(*this, handler, reused);
  H2ClientStream& its = *stream;
  adopt(std::move(stream));
  return its;
}

// ---- doubt ----

void H2ClientConnection::doubt() {
  if (!open() || std::exchange(asked_, true)) return;
  nghttp2_submit_ping(get(), NGHTTP2_FLAG_NONE, nullptr);
  doubt_timer_.arm_after(kDoubtTime);
  wake();
}

void H2ClientConnection::on_fed() {
  ++fed_;
  doubt_timer_.disarm();
}

// ---- ends ----

void H2ClientConnection::on_goaway(int32_t, uint32_t) {
  retire();
}

void H2ClientConnection::retire() {
  retired_ = true;
  wake();  // for on_turn()
}

void H2ClientConnection::on_stream_over() {
  if (!idle()) return;
  idle_timer_.arm_after(pool_.limits_.keep_alive);
  if (pool_.idle() > pool_.limits_.max_idle) retire();
}

void H2ClientConnection::on_turn() {
  if (retired_ && streams().empty()) go_away(NGHTTP2_NO_ERROR);
}

void H2ClientConnection::on_over() {
  pool_.bury(pool_.h2_, self_);
}

}  // namespace warmgate::transport
