#include "net/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace warmgate::net {
namespace {

Error unreadable(const char* what, const std::string& file) {
  const std::string reason = std::strerror(errno);
  ERR_clear_error();
  return Error{std::string("cannot read the ") + what + " file " + file + ": " + reason};
}

OpenSslPtr<BIO> open_file(const std::string& file) {
  errno = 0;
  return OpenSslPtr<BIO>(BIO_new_file(file.c_str(), "r"));
}

// Instead of asking a person at the terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<OpenSslPtr<EVP_PKEY>> load_key(const std::string& file) {
  const OpenSslPtr<BIO> in = open_file(file);
  if (in == nullptr) return unreadable("key", file);
  bool asked = false;
  OpenSslPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, &asked));
  if (key == nullptr) {
    const std::string reason = take_openssl_error();
    if (asked) {
      return Error{"the key in " + file + " has a passphrase; give the key without it (openssl " +
                   "pkey -in " + file + " -out ...)"};
    }
    return Error{"no private key in PEM form is in " + file + " (" + reason + ")"};
  }
  return key;
}

Status check_time(const X509* certificate, const std::string& file, double wall_seconds) {
  auto now = static_cast<time_t>(wall_seconds);
  if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
    return Error{"the certificate in " + file + " expired on " +
                 date_text(X509_get0_notAfter(certificate)) + "; put a new one there"};
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
    return Error{"the certificate in " + file + " is valid only from " +
                 date_text(X509_get0_notBefore(certificate)) + "; is the clock right?"};
  }
  return success();
}

}  // namespace

Result<std::vector<OpenSslPtr<X509>>> load_certificates(const std::string& file) {
  const OpenSslPtr<BIO> in = open_file(file);
  if (in == nullptr) return unreadable("certificate", file);
  std::vector<OpenSslPtr<X509>> out;
  while (X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
    out.emplace_back(certificate);
    if (out.size() > kMaxCertificates) {
      return Error{"more than " + std::to_string(kMaxCertificates) + " certificates are in " +
                   file};
    }
  }
  const unsigned long code = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  const std::string reason = take_openssl_error();
  if (out.empty()) return Error{"no certificate in PEM form is in " + file + " (" + reason + ")"};
  if (!at_end) {
    return Error{"a certificate in " + file + " is damaged (" + reason + "), after " +
                 std::to_string(out.size()) + " good ones"};
  }
  return out;
}

Result<TlsIdentity> load_identity(const std::string& certificate_file, const std::string& key_file,
                                  double wall_seconds) {
  auto certificates = load_certificates(certificate_file);
  if (!certificates) return certificates.error();
  auto key = load_key(key_file);
  if (!key) return key.error();
  TlsIdentity out;
  out.certificate = std::move(certificates->front());
  for (size_t i = 1; i < certificates->size(); ++i) {
    out.chain.push_back(std::move((*certificates)[i]));
  }
  out.key = std::move(*key);
  if (X509_check_private_key(out.certificate.get(), out.key.get()) != 1) {
    ERR_clear_error();
    return Error{"the key in " + key_file + " does not belong to the first certificate in " +
                 certificate_file};
  }
  if (auto valid = check_time(out.certificate.get(), certificate_file, wall_seconds); !valid) {
    return valid.error();
  }
  return out;
}

}  // namespace warmgate::net
