#include "net/tls_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <deque>
#include <utility>

#include "base/assert.h"
#include "net/tls_files.h"
#include "net/tls_stream.h"

namespace warmgate::net {
namespace {

// ALPN: each name behind its length.
std::string_view protocols(TlsOffer offer) {
  constexpr std::string_view kBoth = "\x02h2\x08http/1.1";
  constexpr size_t kH2Bytes = 3;
  if (offer == TlsOffer::h2_or_http1) return kBoth;
  return offer == TlsOffer::h2 ? kBoth.substr(0, kH2Bytes) : kBoth.substr(kH2Bytes);
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  TlsStream::of(ssl).owner().on_session(OpenSslPtr<SSL_SESSION>(session));
  return 1;  // it is ours now
}

Status trust(SSL_CTX* context, const std::string& ca_file) {
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    ERR_clear_error();  // a machine without roots trusts nobody; each handshake will say so
    return success();
  }
  auto roots = load_certificates(ca_file);
  if (!roots) return roots.error();
  for (const auto& root : *roots) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
  }
  return success();
}

Status show(SSL_CTX* context, const TlsClientSettings& settings, double wall_seconds) {
  if (settings.certificate_file.empty()) return success();
  auto identity = load_identity(settings.certificate_file, settings.key_file, wall_seconds);
  if (!identity) return identity.error();
  SSL_CTX_use_certificate(context, identity->certificate.get());
  for (const auto& link : identity->chain) SSL_CTX_add1_chain_cert(context, link.get());
  if (SSL_CTX_use_PrivateKey(context, identity->key.get()) == 1) return success();
  return Error{"the certificate in " + settings.certificate_file +
               " cannot be used: " + take_openssl_error()};
}

bool is_address(const std::string& name) {
  in6_addr ignored;
  return inet_pton(AF_INET, name.c_str(), &ignored) == 1 ||
         inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

// A final dot belongs to DNS, not to the name in a certificate or in SNI (RFC 6066, 3).
std::string without_final_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

}  // namespace

Result<TlsClientContext> TlsClientContext::load(const TlsClientSettings& settings,
                                                double wall_seconds) {
  TlsClientContext out;
  out.verifies_ = settings.verify;
  out.context_.reset(SSL_CTX_new(TLS_client_method()), OpenSslFree());
  SSL_CTX* context = out.context_.get();
  WG_ASSERT(context != nullptr, "OpenSSL cannot make a context");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, on_new_session);
  SSL_CTX_set_verify(context, settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                     settings.verify ? TlsStream::on_verified : nullptr);
  if (const Status trusted = trust(context, settings.ca_file); !trusted) return trusted.error();
  if (const Status shown = show(context, settings, wall_seconds); !shown) return shown.error();
  return out;
}

class TlsClient::Owner final : public TlsOwner {
 public:
  explicit Owner(TlsClientStats& stats) : stats_(stats) {}

  void on_handshake(bool resumed) override { ++(resumed ? stats_.resumed : stats_.full); }
  void on_handshake_failed() override { ++stats_.failed; }
  void on_session(OpenSslPtr<SSL_SESSION> session) override {
    sessions_.push_back(std::move(session));
    if (sessions_.size() > kMaxSessions) sessions_.pop_front();
  }

  void resume(SSL* ssl) {
    if (sessions_.empty()) return;
    SSL_set_session(ssl, sessions_.back().get());
    const bool once = SSL_SESSION_get_protocol_version(sessions_.back().get()) >= TLS1_3_VERSION;
    if (once) sessions_.pop_back();
  }

 private:
  TlsClientStats& stats_;
  std::deque<OpenSslPtr<SSL_SESSION>> sessions_;  // the newest last
};

TlsClient::TlsClient(Loop& loop, const TlsClientContext& context, std::string server_name)
    : loop_(loop),
      context_(context),
      server_name_(without_final_dot(std::move(server_name))),
      is_address_(is_address(server_name_)),
      owner_(std::make_unique<Owner>(stats_)) {}

TlsClient::~TlsClient() = default;

std::unique_ptr<Stream> TlsClient::wrap(std::unique_ptr<Stream> below, TlsOffer offer) {
  OpenSslPtr<SSL> ssl(SSL_new(context_.get()));
  WG_ASSERT(ssl != nullptr, "OpenSSL cannot make a connection");
  SSL_set_connect_state(ssl.get());
  const std::string_view names = protocols(offer);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(names.data()),
                      static_cast<unsigned>(names.size()));
  if (!is_address_) SSL_set_tlsext_host_name(ssl.get(), server_name_.c_str());
  X509_VERIFY_PARAM* verification = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_time(verification, static_cast<time_t>(loop_.wall_seconds()));
  X509_VERIFY_PARAM_set_hostflags(verification, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address_) {
    X509_VERIFY_PARAM_set1_ip_asc(verification, server_name_.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(verification, server_name_.c_str(), server_name_.size());
  }
  owner_->resume(ssl.get());
  return std::make_unique<TlsStream>(std::move(below), std::move(ssl), *owner_, server_name_);
}

}  // namespace warmgate::net
