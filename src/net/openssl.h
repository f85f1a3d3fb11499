// Owners of OpenSSL's objects, and what its errors mean. Internal to net/: others see a Stream.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace warmgate::net {

struct OpenSslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <class T>
using OpenSslPtr = std::unique_ptr<T, OpenSslFree>;

// The first error that OpenSSL has noted, in words; empties its queue. Empty when there is none.
std::string take_openssl_error();

// The same for a handshake or a connection: what the peer said, or what it did wrong.
std::string take_tls_error();

// What is wrong with a peer's certificate, as verification found it: `error` is an X509_V_ERR_*.
// `wanted` is the name or address that it should have been for.
std::string certificate_problem(int error, X509* certificate, std::string_view wanted);

// The names and addresses that a certificate is for, at most kMaxNames; "none" for none.
inline constexpr size_t kMaxNames = 8;
std::string names_of(X509* certificate);

// When it ends, in seconds since 1970; and in words.
double not_after(const X509* certificate);
std::string date_text(const ASN1_TIME* time);

}  // namespace warmgate::net
