// TlsStream: TLS over another Stream, either side. A connecting one is connected when its handshake
// is done and the peer's certificate was verified; an accepted one shakes hands by itself.
//
// Writing.  The pieces of one write() are gathered into records, and these go to the stream
//           below in one call. Bytes count as written when the stream below has taken their
//           records: before that they stay the caller's, who writes them again (as Stream says) and
//           finds them done.
// Reading.  Nothing is read ahead of the caller but the rest of a record, so that a slow reader
//           slows its peer. A peer that ends without saying so by TLS (close_notify) has failed:
//           what came before may have been cut off by somebody else.
// Bounds.   kMaxSealed bytes of records wait for the stream below; one record is read ahead.
// Closing.  Says close_notify, as far as the stream below takes it at once.
// Thread.   All on the loop's thread.
// Source.   RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2); nothing older is spoken.
#pragma once

#include <memory>
#include <string>

#include "net/openssl.h"
#include "net/stream.h"

namespace warmgate::net {

// What the maker of a TlsStream is told. It outlives its streams.
class TlsOwner {
 public:
  virtual ~TlsOwner() = default;
  virtual void on_handshake(bool resumed) = 0;
  virtual void on_handshake_failed() = 0;
  virtual void on_session(OpenSslPtr<SSL_SESSION> /*session*/) {}  // clients: for a later stream
};

class TlsStream final : public Stream, private StreamObserver {
 public:
  // `ssl` knows its side. `wanted` is the name that the peer's certificate must be for.
  TlsStream(std::unique_ptr<Stream> below, OpenSslPtr<SSL> ssl, TlsOwner& owner,
            std::string_view wanted);
  ~TlsStream() override;

  void move_to(Loop& loop) override { below_->move_to(loop); }
  void observe(StreamObserver* observer) override { observer_ = observer; }
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const std::string_view> pieces) override;
  void shutdown_write() override;
  void reset_on_close() override;
  Address peer() const override { return below_->peer(); }
  bool secure() const override { return true; }
  std::string_view protocol() const override;
  std::string problem() const override;

  // For a context's callbacks: the stream that an SSL belongs to.
  static TlsStream& of(const SSL* ssl) { return *static_cast<TlsStream*>(SSL_get_app_data(ssl)); }
  TlsOwner& owner() { return owner_; }
  // An SSL_verify_cb: notes what is wrong with the peer's certificate, and refuses it.
  static int on_verified(int good, X509_STORE_CTX* store);

 private:
  friend struct TlsBio;  // what OpenSSL reads from and writes to

  static constexpr size_t kRecord = 16 * 1024;      // the most plain bytes that one can hold
  static constexpr size_t kSealAtOnce = 64 * 1024;  // plain bytes of one write()
  static constexpr size_t kMaxSealed = 128 * 1024;
  enum class State : uint8_t { connecting, handshake, open, failed };

  // StreamObserver of the stream below
  void on_connected(int error) override;
  void on_readable() override;
  void on_writable() override;
  void on_end_arrived() override;

  void shake_hands();
  void tell_handshake_over();
  IoResult after_failed_read();
  IoResult fail();
  size_t seal(std::span<const std::string_view> pieces, size_t skip);
  void begin_sealing();
  IoStatus flush();
  void say_end();

  std::unique_ptr<Stream> below_;
  OpenSslPtr<SSL> ssl_;
  TlsOwner& owner_;
  const std::string wanted_;
  StreamObserver* observer_ = nullptr;
  State state_;
  bool said_end_ = false;
  bool end_below_ = false;  // the stream below is at its end
  bool end_arrived_ = false;
  bool below_ends_ = false;  // our end is to follow the records that wait
  bool resets_ = false;
  bool read_waits_for_room_ = false;
  bool* destroyed_ = nullptr;  // set while an observer is being called
  int below_error_ = 0;
  int write_error_ = 0;
  int error_ = 0;  // of a failed stream
  std::string problem_;
  std::string sealed_;  // records that the stream below has not taken, from sealed_sent_ on
  size_t sealed_sent_ = 0;
  size_t owed_ = 0;  // plain bytes in sealed_ that write() has not told of
};

}  // namespace warmgate::net
