// TLS towards servers. TlsClientContext is what many have in common: whom to trust and what to
// show. TlsClient is one server by its name, with the sessions that a later handshake can resume.
//
// Trust.   By default the server's chain must lead to one of the system's roots (or of
//          SSL_CERT_FILE, SSL_CERT_DIR), and its certificate must be for the name.
// Bounds.  At most kMaxSessions sessions are kept; a TLS 1.3 ticket is used once (RFC 8446, C.4).
// Life.    A TlsClient outlives its streams.
// Thread.  All on the loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"

struct ssl_ctx_st;

namespace warmgate::net {

struct TlsClientSettings {
  std::string ca_file{};  // PEM; empty = the system's roots
  bool verify = true;     // false: anybody on the way can be the server
  // Shown to a server that asks for a certificate; empty = none.
  std::string certificate_file{};
  std::string key_file{};

  bool operator==(const TlsClientSettings&) const = default;
};

class TlsClientContext {
 public:
  // Reads the files. `wall_seconds` is the time at which a certificate of ours must be valid.
  static Result<TlsClientContext> load(const TlsClientSettings& settings, double wall_seconds);

  ssl_ctx_st* get() const { return context_.get(); }
  bool verifies() const { return verifies_; }

 private:
  TlsClientContext() = default;
  std::shared_ptr<ssl_ctx_st> context_;  // shared: a copy is another handle
  bool verifies_ = true;
};

// What a client says that it speaks (ALPN, RFC 7301), what it likes best first.
enum class TlsOffer : uint8_t { http1, h2, h2_or_http1 };

struct TlsClientStats {
  uint64_t full = 0;     // handshakes with certificates
  uint64_t resumed = 0;  // handshakes that took up an earlier session
  uint64_t failed = 0;
};

class TlsClient {
 public:
  // `server_name` is the name or address that the certificate must be for; a name is also sent
  // (SNI).
  TlsClient(Loop& loop, const TlsClientContext& context, std::string server_name);
  ~TlsClient();

  // A stream over `below`, which is connecting.
  std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> below, TlsOffer offer = TlsOffer::http1);

  const TlsClientStats& stats() const { return stats_; }
  bool verifies() const { return context_.verifies(); }

 private:
  static constexpr size_t kMaxSessions = 8;
  class Owner;  // of the streams

  Loop& loop_;
  const TlsClientContext context_;
  const std::string server_name_;
  const bool is_address_;
  TlsClientStats stats_;
  std::unique_ptr<Owner> owner_;
};

}  // namespace warmgate::net
