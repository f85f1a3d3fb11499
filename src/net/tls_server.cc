#include "net/tls_server.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/tls_files.h"
#include "net/tls_stream.h"

namespace warmgate::net {
namespace {

using Identities = std::vector<TlsIdentity>;

// Lives with its context, which may outlive the TlsServer's use of it.
int identities_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* data, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<Identities*>(data);
      });
  return index;
}

int use_identity(SSL* ssl, const TlsIdentity& identity) {
  STACK_OF(X509)* chain = sk_X509_new_null();
  for (const auto& link : identity.chain) sk_X509_push(chain, link.get());
  const int done =
      SSL_use_cert_and_key(ssl, identity.certificate.get(), identity.key.get(), chain, 1);
  sk_X509_free(chain);
  return done;
}

// OpenSSL asks before it answers a client: which certificate? The name is known by now.
int choose_identity(SSL* ssl, void*) {
  const auto& identities = *static_cast<const Identities*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), identities_index()));
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr || identities.size() == 1) return 1;
  const auto found = std::ranges::find_if(identities, [&](const TlsIdentity& identity) {
    return X509_check_host(identity.certificate.get(), name, 0,
                           X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
  });
  if (found == identities.end() || found == identities.begin()) return 1;
  return use_identity(ssl, *found);
}

// ALPN, RFC 7301: the first of ours that the client speaks, too. One that speaks none is told so.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* length,
                    const unsigned char* offered, unsigned int offered_length, void*) {
  for (const std::string_view ours : {"h2", "http/1.1"}) {
    for (unsigned int at = 0; at < offered_length; at += 1u + offered[at]) {
      const std::string_view protocol(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
      if (protocol != ours) continue;
      *out = offered + at + 1;
      *length = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status ask_clients(SSL_CTX* context, const std::string& ca_file) {
  // A session counts only where it was begun: under the same authority for clients.
  unsigned char id[EVP_MAX_MD_SIZE];
  unsigned int id_length = 0;
  std::string authorities = "warmgate";
  if (!ca_file.empty()) {
    auto roots = load_certificates(ca_file);
    if (!roots) return roots.error();
    for (const auto& root : *roots) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
      SSL_CTX_add_client_CA(context, root.get());
      if (X509_digest(root.get(), EVP_sha256(), id, &id_length) != 1) continue;
      authorities.append(reinterpret_cast<const char*>(id), id_length);
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       TlsStream::on_verified);
  }
  EVP_Digest(authorities.data(), authorities.size(), id, &id_length, EVP_sha256(), nullptr);
  SSL_CTX_set_session_id_context(context, id, id_length);
  return success();
}

OpenSslPtr<SSL_CTX> make_context() {
  OpenSslPtr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  WG_ASSERT(context != nullptr, "OpenSSL cannot make a context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  // Of TLS 1.2 only what is forward secret and authenticated; 1.3 has nothing else.
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets need none
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  SSL_CTX_set_cert_cb(context.get(), choose_identity, nullptr);
  return context;
}

// How many bytes OpenSSL has of them.
long ticket_key_bytes(SSL_CTX* context) {
  const long length = SSL_CTX_get_tlsext_ticket_keys(context, nullptr, 0);
  WG_ASSERT(length > 0 && static_cast<size_t>(length) <= TlsServer::TicketKeys().size(),
            "OpenSSL's ticket keys are larger than they were");
  return length;
}

TlsServer::TicketKeys read_ticket_keys(SSL_CTX* context) {
  TlsServer::TicketKeys keys{};
  SSL_CTX_get_tlsext_ticket_keys(context, keys.data(), ticket_key_bytes(context));
  return keys;
}

void write_ticket_keys(SSL_CTX* context, TlsServer::TicketKeys keys) {
  SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), ticket_key_bytes(context));
  OPENSSL_cleanse(keys.data(), keys.size());
}

}  // namespace

class TlsServer::Owner final : public TlsOwner {
 public:
  explicit Owner(TlsServerStats& stats) : stats_(stats) {}
  void on_handshake(bool resumed) override { ++(resumed ? stats_.resumed : stats_.full); }
  void on_handshake_failed() override { ++stats_.failed; }

 private:
  TlsServerStats& stats_;
};

struct TlsServer::Loaded {
  OpenSslPtr<SSL_CTX> context;
  std::vector<Expiry> expiries;
};

TlsServer::TlsServer(Loop& loop, TlsServerSettings settings)
    : loop_(loop),
      settings_(std::move(settings)),
      owner_(std::make_unique<Owner>(stats_)),
      ticket_keys_since_(loop.now()),
      look_(loop.timers(), [this] { look(); }) {}

TlsServer::~TlsServer() = default;

Result<std::unique_ptr<TlsServer>> TlsServer::open(Loop& loop, TlsServerSettings settings) {
  WG_ASSERT(!settings.identities.empty(), "a TLS server needs a certificate");
  std::unique_ptr<TlsServer> server(new TlsServer(loop, std::move(settings)));
  server->fingerprint_ = server->fingerprint();
  auto loaded = load(server->settings_, loop.wall_seconds());
  if (!loaded) return loaded.error();
  server->use(std::move(*loaded));
  server->look_.arm_after(kLookInterval);
  return server;
}

Status TlsServer::check(const TlsServerSettings& settings, double wall_seconds) {
  const auto loaded = load(settings, wall_seconds);
  return loaded ? success() : Status(loaded.error());
}

Result<TlsServer::Loaded> TlsServer::load(const TlsServerSettings& settings, double wall_seconds) {
  Loaded out;
  out.context = make_context();
  auto identities = std::make_unique<Identities>();
  for (const auto& [certificate_file, key_file] : settings.identities) {
    auto identity = load_identity(certificate_file, key_file, wall_seconds);
    if (!identity) return identity.error();
    out.expiries.push_back({certificate_file, not_after(identity->certificate.get())});
    identities->push_back(std::move(*identity));
  }
  const TlsIdentity& first = identities->front();
  for (const auto& link : first.chain) SSL_CTX_add1_chain_cert(out.context.get(), link.get());
  if (SSL_CTX_use_certificate(out.context.get(), first.certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(out.context.get(), first.key.get()) != 1) {
    return Error{"the certificate in " + settings.identities.front().certificate_file +
                 " cannot be used: " + take_openssl_error()};
  }
  SSL_CTX_set_ex_data(out.context.get(), identities_index(), identities.release());
  if (const Status asked = ask_clients(out.context.get(), settings.client_ca_file); !asked) {
    return asked.error();
  }
  return out;
}

void TlsServer::use(Loaded loaded) {
  // So that clients' sessions survive a reload.
  if (context_ != nullptr) write_ticket_keys(loaded.context.get(), ticket_keys());
  context_ = std::shared_ptr<SSL_CTX>(loaded.context.release(), OpenSslFree());
  expiries_ = std::move(loaded.expiries);
}

std::string TlsServer::fingerprint() const {
  std::string out;
  const auto add = [&out](const std::string& file) {
    struct stat info {};
    if (file.empty() || stat(file.c_str(), &info) != 0) return out.append("-;"), void();
    for (const int64_t part : {int64_t(info.st_ino), int64_t(info.st_size),
                               int64_t(info.st_mtim.tv_sec), int64_t(info.st_mtim.tv_nsec)}) {
      out += std::to_string(part) + ",";
    }
    out += ";";
  };
  for (const auto& identity : settings_.identities) {
    add(identity.certificate_file);
    add(identity.key_file);
  }
  add(settings_.client_ca_file);
  return out;
}

void TlsServer::look() {
  look_at_files();
  if (!follows_ && loop_.now() - ticket_keys_since_ >= kTicketKeyLife) renew_ticket_keys();
  look_.arm_after(kLookInterval);
}

TlsServer::TicketKeys TlsServer::ticket_keys() const {
  return read_ticket_keys(context_.get());
}

void TlsServer::follow(const TicketKeys& keys) {
  follows_ = true;
  write_ticket_keys(context_.get(), keys);
}

// Tickets under the old keys are of no use any more: their clients shake hands in full, once.
void TlsServer::renew_ticket_keys() {
  ticket_keys_since_ = loop_.now();
  TicketKeys keys{};
  if (RAND_bytes(keys.data(), static_cast<int>(keys.size())) != 1) return;
  write_ticket_keys(context_.get(), keys);
  if (on_new_keys_) on_new_keys_(keys);
  OPENSSL_cleanse(keys.data(), keys.size());
}

void TlsServer::look_at_files() {
  std::string now = fingerprint();
  if (now == fingerprint_) return;
  fingerprint_ = std::move(now);
  auto loaded = load(settings_, loop_.wall_seconds());
  if (!loaded) {
    ++stats_.reloads_failed;
    reload_problem_ = loaded.error().message;
    if (follows_) return fingerprint_.clear();  // what failed may be ours alone: tried again
    log_error("tls",
              "the changed files are not used, the old certificate stays: " + reload_problem_);
    return;
  }
  ++stats_.reloads;
  reload_problem_.clear();
  use(std::move(*loaded));
  if (follows_) return;
  log_info("tls", "new certificates are in use: " + expiries_.front().certificate_file +
                      (expiries_.size() > 1 ? " and others" : ""));
}

std::unique_ptr<Stream> TlsServer::wrap(std::unique_ptr<Stream> below) {
  OpenSslPtr<SSL> ssl(SSL_new(context_.get()));
  WG_ASSERT(ssl != nullptr, "OpenSSL cannot make a connection");
  SSL_set_accept_state(ssl.get());
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl.get()), static_cast<time_t>(loop_.wall_seconds()));
  return std::make_unique<TlsStream>(std::move(below), std::move(ssl), *owner_, "clients");
}

}  // namespace warmgate::net
