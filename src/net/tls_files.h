// Certificates and keys from PEM files, checked so far that a handshake can succeed with them.
// Internal to net/.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "net/openssl.h"

namespace warmgate::net {

// A certificate with what leads from it to its root, and its private key.
struct TlsIdentity {
  OpenSslPtr<X509> certificate;
  std::vector<OpenSslPtr<X509>> chain;
  OpenSslPtr<EVP_PKEY> key;
};

// At most this many certificates are taken from one file.
inline constexpr size_t kMaxCertificates = 1'000;

// Errors: unreadable files, no or unreadable PEM, a key with a passphrase, a key of another
// certificate, and a certificate that is not valid at `wall_seconds`.
Result<TlsIdentity> load_identity(const std::string& certificate_file, const std::string& key_file,
                                  double wall_seconds);

// The certificates of a file: at least one.
Result<std::vector<OpenSslPtr<X509>>> load_certificates(const std::string& file);

}  // namespace warmgate::net
