#include "support/raw_peer.h"

#include <algorithm>

namespace warmgate::test {

using net::IoStatus;

RawPeer::RawPeer(net::Loop& loop, const net::Address& to)
    : RawPeer(std::move(*loop.connect(to)), false) {}

RawPeer::RawPeer(std::unique_ptr<net::Stream> stream, bool connected)
    : stream_(std::move(stream)), connected_(connected) {
  stream_->observe(this);
}

void RawPeer::send(std::string_view text) {
  to_send_.append(text);
  if (connected_) write_more();
}

void RawPeer::end_writing() {
  end_wanted_ = true;
  if (connected_) write_more();
}

void RawPeer::reset() {
  if (stream_ != nullptr) stream_->reset_on_close();
  stream_.reset();
}

void RawPeer::resume_reading() {
  reading_ = true;
  on_readable();
}

void RawPeer::on_connected(int error) {
  connect_error_ = error;
  connected_ = error == 0;
  if (connected_) write_more();
}

void RawPeer::on_readable() {
  char piece[16 * 1024];
  while (reading_ && stream_ != nullptr && !over()) {
    const net::IoResult result = stream_->read(piece);
    if (result.status == IoStatus::would_block) return;
    if (result.status == IoStatus::ok) received_.append(piece, result.bytes);
    ended_ = result.status == IoStatus::end;
    broken_ = broken_ || result.status == IoStatus::failed;
    if (on_input) on_input(*this);
  }
}

void RawPeer::on_writable() {
  write_more();
}

void RawPeer::write_more() {
  while (stream_ != nullptr && unsent() > 0) {
    const std::string_view rest = std::string_view(to_send_).substr(sent_);
    const net::IoResult result = stream_->write({&rest, 1});
    broken_ = broken_ || result.status == IoStatus::failed;
    if (result.status != IoStatus::ok) return;
    sent_ += result.bytes;
  }
  if (end_wanted_ && stream_ != nullptr) stream_->shutdown_write();
  to_send_.clear();
  sent_ = 0;
}

RawServer::RawServer(net::Loop& loop, const net::Address& at,
                     std::function<void(RawPeer&)> on_input, net::TlsServer* tls)
    : listener_(
          std::move(*loop.listen(at, [this, on_input, tls](std::unique_ptr<net::Stream> stream) {
            if (tls != nullptr) stream = tls->wrap(std::move(stream));
            peers_.push_back(std::make_unique<RawPeer>(std::move(stream)));
            peers_.back()->on_input = on_input;
          }))) {}

}  // namespace warmgate::test
