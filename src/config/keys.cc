#include "config/keys.h"

#include <memory>

#include "config/lists.h"
#include "config/section.h"
#include "config/service_keys.h"
#include "config/texts.h"
#include "config/values.h"

namespace warmgate::config {
namespace {

CodecPtr<LogSettings> log_section() {
  auto section = std::make_shared<Section<LogSettings>>();
  section
      ->key(
          "format", &LogSettings::format,
          choice<LogFormat>({{"json", LogFormat::json}, {"text", LogFormat::text}}),
          "How log lines look: JSON for machines, in the shape that Cloud Logging understands, or "
          "plain text for people.")
      .key("access", &LogSettings::access, boolean(), "Write one line per request.")
      .key("level", &LogSettings::level,
           choice<LogLevel>({{"debug", LogLevel::debug},
                             {"info", LogLevel::info},
                             {"warning", LogLevel::warning},
                             {"error", LogLevel::error}}),
           "The least severe message that is written.");
  return section;
}

CodecPtr<RecorderSettings> recorder_section() {
  auto section = std::make_shared<Section<RecorderSettings>>();
  section
      ->key("memory", &RecorderSettings::memory, size<uint64_t>(0, 1ull << 30),
            "Kept for each service, at about 100 bytes for a request; 0 records nothing, and what "
            "is under 256KiB counts as that.")
      .key("directory", &RecorderSettings::directory, file_name(),
           "Where a recording is written when an invariant breaks, or at a drain.")
      .key("on_drain", &RecorderSettings::on_drain, boolean(),
           "Write every service's recording when the gateway shuts down.");
  return section;
}

CodecPtr<GlobalLimits> limits_section() {
  auto section = std::make_shared<Section<GlobalLimits>>();
  section
      ->key("max_connections", &GlobalLimits::max_connections, integer<uint32_t>(1, 1'000'000),
            "Client connections at a time; further ones wait in the kernel's backlog.")
      .key("max_head", &GlobalLimits::max_head, size<uint32_t>(1u << 10, 1u << 20),
           "Longest head of a request (431 above it) or of a response (502).")
      .key("max_headers", &GlobalLimits::max_headers, integer<uint32_t>(1, 100),
           "Most fields in one head or trailer section.");
  return section;
}

CodecPtr<DownstreamTimeouts> timeouts_section() {
  auto section = std::make_shared<Section<DownstreamTimeouts>>();
  section
      ->key("header", &DownstreamTimeouts::header, duration(10ms, 10min),
            "From the first byte of a request to the end of its head.")
      .key("idle", &DownstreamTimeouts::idle, duration(10ms, 1h),
           "Longest pause while a client sends a body or takes a response.")
      .key("keep_alive", &DownstreamTimeouts::keep_alive, duration(10ms, 1h),
           "How long a client's connection stays open without a request.");
  return section;
}

CodecPtr<Http2Limits> http2_section() {
  auto section = std::make_shared<Section<Http2Limits>>();
  section
      ->key("max_concurrent_streams", &Http2Limits::max_concurrent_streams,
            integer<uint32_t>(1, 10'000),
            "Requests at a time; clients are told, and those beyond it are refused.")
      .key("stream_window", &Http2Limits::stream_window, size<uint32_t>(16u << 10, 64u << 20),
           "Of one request's body, what a client may send ahead of what is passed on.")
      .key("connection_window", &Http2Limits::connection_window,
           size<uint32_t>(64u << 10, 256u << 20), "The same of all requests together.")
      .key("resets", &Http2Limits::resets, integer<uint32_t>(1, 1'000'000),
           "Requests that a client may give up at once (or break, so that we must), before it is "
           "taken for an attacker.")
      .key("resets_per_second", &Http2Limits::resets_per_second, integer<uint32_t>(0, 100'000),
           "... and for as long as it likes.")
      .key("idle_frames", &Http2Limits::idle_frames, integer<uint32_t>(100, 1'000'000),
           "Frames that bring neither a request nor a part of a body (PING, SETTINGS, empty DATA, "
           "too many WINDOW_UPDATEs), at once, before a client is taken for an attacker.")
      .key("idle_frames_per_second", &Http2Limits::idle_frames_per_second,
           integer<uint32_t>(1, 100'000), "... and for as long as it likes.");
  return section;
}

CodecPtr<CertificateFiles> certificate_section() {
  auto section = std::make_shared<Section<CertificateFiles>>();
  section
      ->key("certificate", &CertificateFiles::certificate, file_name(),
            "PEM file of a certificate, followed by what leads from it to its root.",
            Presence::required)
      .key("key", &CertificateFiles::key, file_name(), "PEM file of its private key.",
           Presence::required);
  return section;
}

CodecPtr<DownstreamTls> tls_section() {
  auto section = std::make_shared<Section<DownstreamTls>>();
  section
      ->key("certificates", &DownstreamTls::certificates, list_of(certificate_section(), 0, 64),
            "Certificates, of which the name that a client asks for chooses one; the first is for "
            "the rest.")
      .key("client_ca_file", &DownstreamTls::client_ca_file, file_name(),
           "PEM file: clients must show a certificate that one of these issued. Empty: they are "
           "not asked.");
  return section;
}

CodecPtr<Config> make_config_codec() {
  auto section = std::make_shared<Section<Config>>();
  section
      ->key("listen", &Config::listen, list_of(listen_address(), 1, 16),
            "Where clients connect. `:8080` is every address, IPv6 and IPv4; `https://:8443` with "
            "TLS.")
      .key("admin", &Config::admin, or_word(admin_address(), "off"),
           "Where `/healthz`, `/readyz`, `/status` and `/metrics` are served; not for the public.")
      .key("tls", &Config::tls, tls_section(), "TLS towards clients, where `listen` says https://.")
      .key("log", &Config::log, log_section(), "What is written to the log, and how.")
      .key("recorder", &Config::recorder, recorder_section(),
           "The last events of each service, kept in memory for `warmgate replay`.")
      .key("limits", &Config::limits, limits_section(),
           "Limits that hold before a request is routed to a service.")
      .key("timeouts", &Config::timeouts, timeouts_section(), "Time limits on the client's side.")
      .key("http2", &Config::http2, http2_section(),
           "What one HTTP/2 connection of a client may have the gateway do.")
      .key("threads", &Config::threads, integer<uint32_t>(1, 64),
           "Threads that serve requests. One is enough for some ten thousand requests a second; "
           "more where TLS or large bodies keep it busy.")
      .key("drain_timeout", &Config::drain_timeout, duration(0s, 1h),
           "From SIGTERM to the end of the process; what still runs then is cut off.")
      .key("resolve_interval", &Config::resolve_interval, duration(1s, 24h),
           "How often the names of backends are looked up again.")
      .key("services", &Config::services, list_of(service_section(), 1),
           "The models that are served.", Presence::required);
  return section;
}

}  // namespace

const Codec<Config>& config_codec() {
  static const CodecPtr<Config> codec = make_config_codec();
  return *codec;
}

}  // namespace warmgate::config
