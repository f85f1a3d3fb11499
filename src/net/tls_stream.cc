#include "net/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace warmgate::net {
namespace {

// Sealing happens here and is normally flushed at once, so that a stream holds no buffer of its
// own.
thread_local std::string spare_buffer;

}  // namespace

// What OpenSSL takes for its transport.
struct TlsBio {
  static int read(BIO* bio, char* data, size_t size, size_t* bytes) {
    TlsStream& stream = of(bio);
    BIO_clear_retry_flags(bio);
    const IoResult result = stream.below_->read({data, size});
    *bytes = result.bytes;
    if (result.status == IoStatus::ok) return 1;
    if (result.status == IoStatus::would_block) BIO_set_retry_read(bio);
    if (result.status == IoStatus::end) stream.end_below_ = true;
    if (result.status == IoStatus::failed) stream.below_error_ = result.error;
    return 0;
  }

  static int write(BIO* bio, const char* data, size_t size, size_t* bytes) {
    TlsStream& stream = of(bio);
    BIO_clear_retry_flags(bio);
    if (stream.sealed_.size() + size > TlsStream::kMaxSealed) {
      BIO_set_retry_write(bio);
      return 0;
    }
    stream.begin_sealing();
    stream.sealed_.append(data, size);
    *bytes = size;
    return 1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static TlsStream& of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static BIO* make(TlsStream& stream) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      BIO_meth_set_read_ex(made, read);
      BIO_meth_set_write_ex(made, write);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, &stream);
    BIO_set_init(bio, 1);
    return bio;
  }
};

TlsStream::TlsStream(std::unique_ptr<Stream> below, OpenSslPtr<SSL> ssl, TlsOwner& owner,
                     std::string_view wanted)
    : below_(std::move(below)),
      ssl_(std::move(ssl)),
      owner_(owner),
      wanted_(wanted),
      state_(SSL_is_server(ssl_.get()) != 0 ? State::handshake : State::connecting) {
  BIO* bio = TlsBio::make(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  below_->observe(this);
}

TlsStream::~TlsStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (!resets_ && !end_below_ && below_error_ == 0 && write_error_ == 0) say_end();
  // Otherwise OpenSSL would take the session for broken, and a later stream could not resume it.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

std::string_view TlsStream::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

// ---- the handshake ----

void TlsStream::on_connected(int error) {
  if (error == 0) {
    state_ = State::handshake;
    return shake_hands();
  }
  state_ = State::failed;
  error_ = error;
  if (observer_ != nullptr) observer_->on_connected(error);
}

void TlsStream::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const int why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      flush();
      return;
    }
    fail();
    owner_.on_handshake_failed();
  } else {
    state_ = State::open;
    flush();
    owner_.on_handshake(SSL_session_reused(ssl_.get()) != 0);
  }
  tell_handshake_over();
}

void TlsStream::tell_handshake_over() {
  if (observer_ == nullptr) return;
  bool destroyed = false;
  destroyed_ = &destroyed;
  if (SSL_is_server(ssl_.get()) == 0) {
    observer_->on_connected(error_);
  } else if (state_ == State::open) {
    observer_->on_writable();
  }
  if (destroyed) return;
  // The first bytes may have come together with the handshake's last, and so may the end. A failed
  // server reads of its failure.
  if (state_ == State::open && end_arrived_ && observer_ != nullptr) observer_->on_end_arrived();
  if (destroyed) return;
  const bool more = state_ == State::open || SSL_is_server(ssl_.get()) != 0;
  if (more && observer_ != nullptr) observer_->on_readable();
  if (!destroyed) destroyed_ = nullptr;
}

int TlsStream::on_verified(int good, X509_STORE_CTX* store) {
  if (good == 1) return 1;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsStream& stream = of(ssl);
  stream.problem_ = certificate_problem(X509_STORE_CTX_get_error(store),
                                        X509_STORE_CTX_get_current_cert(store), stream.wanted_);
  return 0;
}

// ---- events ----

void TlsStream::on_readable() {
  if (state_ == State::handshake) return shake_hands();
  if (observer_ != nullptr) observer_->on_readable();
}

void TlsStream::on_end_arrived() {
  end_arrived_ = true;
  if (state_ == State::open && observer_ != nullptr) observer_->on_end_arrived();
}

void TlsStream::on_writable() {
  const bool room = flush() == IoStatus::ok;
  if (!room || observer_ == nullptr) return;
  if (state_ == State::handshake) return shake_hands();
  if (state_ == State::connecting) return;
  bool destroyed = false;
  destroyed_ = &destroyed;
  observer_->on_writable();
  if (destroyed) return;
  if (std::exchange(read_waits_for_room_, false) && observer_ != nullptr) observer_->on_readable();
  if (!destroyed) destroyed_ = nullptr;
}

// ---- reading ----

IoResult TlsStream::read(std::span<char> into) {
  if (state_ == State::failed) return {IoStatus::failed, 0, error_};
  if (state_ != State::open) return {IoStatus::would_block, 0, 0};
  ERR_clear_error();
  size_t total = 0;
  IoResult last;
  while (total < into.size() && last.status == IoStatus::ok) {
    size_t bytes = 0;
    if (SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &bytes) == 1) {
      total += bytes;
    } else {
      last = after_failed_read();
    }
  }
  if (!sealed_.empty()) flush();  // an alert, or an answer to the peer's change of keys
  return total > 0 ? IoResult{IoStatus::ok, total, 0} : last;
}

IoResult TlsStream::after_failed_read() {
  switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
      return {IoStatus::would_block, 0, 0};
    case SSL_ERROR_WANT_WRITE:
      read_waits_for_room_ = true;
      return {IoStatus::would_block, 0, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::end, 0, 0};
    default:
      return fail();
  }
}

// The engine cannot go on. Why is in problem_ (a certificate), below, or in OpenSSL's queue.
IoResult TlsStream::fail() {
  const bool shaking = state_ == State::handshake;
  state_ = State::failed;
  error_ = EPROTO;
  std::string reason = std::exchange(problem_, {});
  if (!reason.empty()) {
    ERR_clear_error();
  } else if (below_error_ != 0) {
    error_ = below_error_;
    reason = std::strerror(below_error_);
  } else if (end_below_) {
    error_ = ECONNRESET;
    reason = shaking ? "the peer closed the connection"
                     : "the connection was cut off: no TLS close_notify came before its end";
  } else {
    reason = take_tls_error();
  }
  problem_ = (shaking ? "TLS handshake failed: " : "TLS failed: ") + reason;
  flush();  // the alert that tells the peer
  return {IoStatus::failed, 0, error_};
}

// ---- writing ----

IoResult TlsStream::write(std::span<const std::string_view> pieces) {
  if (state_ == State::failed) return {IoStatus::failed, 0, error_};
  if (state_ != State::open) return {IoStatus::would_block, 0, 0};
  if (const IoStatus status = flush(); status != IoStatus::ok) return {status, 0, write_error_};
  const size_t done = std::exchange(owed_, 0);
  const size_t fresh = seal(pieces, done);
  if (state_ == State::failed) return {IoStatus::failed, 0, error_};
  const IoStatus status = flush();
  if (status == IoStatus::ok) return {IoStatus::ok, done + fresh, 0};
  owed_ = fresh;
  if (status == IoStatus::would_block && done > 0) return {IoStatus::ok, done, 0};
  return {status, 0, write_error_};
}

// Makes records of the pieces behind the first `skip` bytes; how many bytes they hold.
size_t TlsStream::seal(std::span<const std::string_view> pieces, size_t skip) {
  thread_local std::string gathered;
  size_t total = 0;
  ERR_clear_error();
  const auto seal_record = [&](std::string_view plain) {
    size_t written = 0;
    if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) {
      fail();
      return;
    }
    total += written;
  };
  gathered.clear();
  for (std::string_view piece : pieces.first(std::min(pieces.size(), kMaxPieces))) {
    const size_t skipped = std::min(skip, piece.size());
    skip -= skipped;
    piece.remove_prefix(skipped);
    while (!piece.empty() && total + gathered.size() < kSealAtOnce && state_ == State::open) {
      const size_t part = std::min(piece.size(), kRecord - gathered.size());
      if (part == kRecord) {
        seal_record(piece.substr(0, part));
      } else {
        gathered.append(piece.substr(0, part));
      }
      piece.remove_prefix(part);
      if (gathered.size() < kRecord) continue;
      seal_record(gathered);
      gathered.clear();
    }
  }
  WG_ASSERT(skip == 0, "bytes that were not taken must be written again");
  if (!gathered.empty() && state_ == State::open) seal_record(gathered);
  return total;
}

void TlsStream::begin_sealing() {
  if (sealed_.capacity() < spare_buffer.capacity() && sealed_.empty()) sealed_.swap(spare_buffer);
}

// ok: nothing waits any more.
IoStatus TlsStream::flush() {
  if (write_error_ != 0) return IoStatus::failed;
  while (sealed_sent_ < sealed_.size()) {
    const std::string_view rest = std::string_view(sealed_).substr(sealed_sent_);
    const IoResult result = below_->write({&rest, 1});
    if (result.status == IoStatus::would_block) return IoStatus::would_block;
    if (result.status != IoStatus::ok) {
      write_error_ = result.error;
      sealed_.clear();
      sealed_sent_ = 0;
      return IoStatus::failed;
    }
    sealed_sent_ += result.bytes;
  }
  if (!sealed_.empty()) {
    sealed_.clear();
    sealed_sent_ = 0;
    sealed_.swap(spare_buffer);
    if (sealed_.capacity() > 0) std::string().swap(sealed_);
  }
  if (std::exchange(below_ends_, false)) below_->shutdown_write();
  return IoStatus::ok;
}

// ---- ends ----

void TlsStream::shutdown_write() {
  below_ends_ = true;
  say_end();
  flush();
}

void TlsStream::say_end() {
  if (state_ != State::open || std::exchange(said_end_, true)) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  flush();
}

void TlsStream::reset_on_close() {
  resets_ = true;
  below_->reset_on_close();
}

std::string TlsStream::problem() const {
  if (state_ == State::handshake) return "the TLS handshake was not complete in time";
  return problem_;
}

}  // namespace warmgate::net
