#include "net/openssl.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace warmgate::net {
namespace {

constexpr int kAlertReasons = SSL_AD_REASON_OFFSET;  // the reasons above it are the peer's alerts

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(std::max(length, 0L))};
}

std::string name_text(const X509_NAME* name) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  return bio_text(out.get());
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  const bool v6 = ASN1_STRING_length(bytes) == 16;
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(v6 ? AF_INET6 : AF_INET, ASN1_STRING_get0_data(bytes), text, sizeof(text));
  return text;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return {};
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "error " + std::to_string(code) : reason;
}

std::string take_tls_error() {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    if (reason > kAlertReasons) {
      // OpenSSL 3.0 has no description of the newer alerts, but words for the error.
      std::string alert = SSL_alert_desc_string_long(reason - kAlertReasons);
      if (alert == "unknown") alert = ERR_reason_error_string(code);
      ERR_clear_error();
      return "the peer refused it: " + alert;
    }
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
        reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_PACKET_LENGTH_TOO_LONG) {
      ERR_clear_error();
      return "the peer does not speak TLS there";
    }
  }
  return take_openssl_error();
}

std::string certificate_problem(int error, X509* certificate, std::string_view wanted) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate expired on " + date_text(X509_get0_notAfter(certificate)) + " (" +
             name_text(X509_get_subject_name(certificate)) + ")";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is valid only from " + date_text(X509_get0_notBefore(certificate)) +
             " (" + name_text(X509_get_subject_name(certificate)) + ")";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is not for " + std::string(wanted) + " but for " +
             names_of(certificate);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "the certificate's issuer is unknown: " +
             name_text(X509_get_issuer_name(certificate)) +
             "; tell warmgate of its certificate (tls.ca_file) if you trust it";
    default:
      return std::string("the certificate was not accepted: ") +
             X509_verify_cert_error_string(error);
  }
}

std::string names_of(X509* certificate) {
  std::string out;
  size_t count = 0;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    const bool dns = name->type == GEN_DNS;
    if (!dns && name->type != GEN_IPADD) continue;
    if (++count > kMaxNames) {
      out += ", ...";
      break;
    }
    if (!out.empty()) out += ", ";
    if (dns) {
      const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      out.append(text, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else {
      out += address_text(name->d.iPAddress);
    }
  }
  GENERAL_NAMES_free(names);
  return out.empty() ? "none" : out;
}

double not_after(const X509* certificate) {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time);
  return static_cast<double>(timegm(&time));
}

std::string date_text(const ASN1_TIME* time) {
  const OpenSslPtr<BIO> out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print_ex(out.get(), time, ASN1_DTFLGS_ISO8601);
  return bio_text(out.get());
}

}  // namespace warmgate::net
