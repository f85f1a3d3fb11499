#include "support/certificates.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/assert.h"

namespace warmgate::test {
namespace {

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  WG_ASSERT(extension != nullptr, "a test's certificate has a bad extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    in6_addr ignored;
    const bool address = inet_pton(AF_INET, name.c_str(), &ignored) == 1 ||
                         inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
    out += (out.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return out;
}

template <class Write>
void write_file(const std::string& path, Write write) {
  FILE* file = std::fopen(path.c_str(), "w");
  WG_ASSERT(file != nullptr, "a test cannot write its certificates");
  write(file);
  std::fclose(file);
}

std::string make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "warmgate-tls-XXXXXX").string();
  WG_ASSERT(mkdtemp(name.data()) != nullptr, "a test cannot make a folder for its certificates");
  return name;
}

}  // namespace

CertificateAuthority::CertificateAuthority(double wall_seconds, const std::string& name)
    : wall_seconds_(wall_seconds),
      folder_(make_folder()),
      ca_file_(folder_ + "/ca.pem"),
      key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
      certificate_(make(name, key_.get(), {.names = {}}, true)) {
  write_file(ca_file_, [this](FILE* file) { PEM_write_X509(file, certificate_.get()); });
}

CertificateAuthority::~CertificateAuthority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

CertificateAuthority::Certificate CertificateAuthority::make(const std::string& name, EVP_PKEY* key,
                                                             const CertificateWish& wish,
                                                             bool authority) {
  Certificate out(X509_new(), X509_free);
  X509* made = out.get();
  X509* issuer = authority ? made : certificate_.get();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial_);
  ASN1_TIME_set(X509_getm_notBefore(made),
                static_cast<time_t>(wall_seconds_ + to_seconds(wish.from)));
  ASN1_TIME_set(X509_getm_notAfter(made),
                static_cast<time_t>(wall_seconds_ + to_seconds(wish.until)));
  X509_set_pubkey(made, key);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, text, -1, -1, 0);
  X509_set_issuer_name(made, X509_get_subject_name(issuer));
  add_extension(made, issuer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (authority) add_extension(made, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!wish.names.empty()) {
    add_extension(made, issuer, NID_subject_alt_name, alternative_names(wish.names));
  }
  X509_sign(made, key_.get(), EVP_sha256());
  return out;
}

CertificateFiles CertificateAuthority::issue(const CertificateWish& wish,
                                             const std::string& label) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::string name = wish.names.empty() ? label : wish.names.front();
  const Certificate certificate = make(name, key.get(), wish, false);
  const CertificateFiles files{folder_ + "/" + label + ".pem", folder_ + "/" + label + ".key"};
  write_file(files.certificate, [&](FILE* file) { PEM_write_X509(file, certificate.get()); });
  write_file(files.key, [&](FILE* file) {
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return files;
}

}  // namespace warmgate::test
