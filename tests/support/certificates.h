// CertificateAuthority: makes certificates for tests, as files in a folder of its own that goes
// with it. Keys are P-256, which is quick to make.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace warmgate::test {

struct CertificateWish {
  std::vector<std::string> names = {"backend.example"};  // names and addresses
  Duration from = -24h;                                  // validity, counted from the clock
  Duration until = 30 * 24h;
};

struct CertificateFiles {
  std::string certificate;
  std::string key;
};

class CertificateAuthority {
 public:
  // `wall_seconds` is the time that the certificates' validity counts from.
  explicit CertificateAuthority(double wall_seconds, const std::string& name = "Test Authority");
  ~CertificateAuthority();

  const std::string& ca_file() const { return ca_file_; }
  const std::string& folder() const { return folder_; }

  // The same `label` again replaces the files.
  CertificateFiles issue(const CertificateWish& wish = {}, const std::string& label = "server");

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  using Certificate = std::shared_ptr<X509>;
  Certificate make(const std::string& name, EVP_PKEY* key, const CertificateWish& wish,
                   bool authority);

  const double wall_seconds_;
  long serial_ = 0;
  std::string folder_;
  std::string ca_file_;
  Key key_;
  Certificate certificate_;
};

}  // namespace warmgate::test
