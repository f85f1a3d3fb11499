// The validated configuration: plain values with their defaults. The loader fills it, everybody
// else reads it. A Config never changes after it was loaded; a reload makes another one, so share
// it as std::shared_ptr<const Config>.
//
// Units.  Durations carry theirs; sizes are bytes. A Duration of 0 means "no limit" where said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "billing/prices.h"
#include "policy/settings.h"
#include "schedule/schedule.h"

namespace warmgate::config {

// Where to listen. An empty host means every address, IPv6 and IPv4: ":8080" is [::]:8080.
struct ListenAddress {
  std::string host;   // "", "127.0.0.1", "::1" (without brackets) or a name
  uint16_t port = 0;  // 0 = the system chooses one
  bool tls = false;   // "https://:8443": clients must speak TLS there

  bool operator==(const ListenAddress&) const = default;
};

// A certificate with its chain, and its key; both PEM files.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

// TLS towards clients, on the listeners that want it.
struct DownstreamTls {
  // The first one is also for clients that ask for no name, or for one that no certificate has.
  std::vector<CertificateFiles> certificates;
  std::string client_ca_file;  // clients must show a certificate from there; empty = not asked
};

enum class LogFormat : uint8_t { json, text };

struct LogSettings {
  LogFormat format = LogFormat::json;  // for the access log and for messages
  bool access = true;                  // one line per request
  LogLevel level = LogLevel::info;     // least severe message that is written
};

// Limits that hold before a request is routed to a service.
struct GlobalLimits {
  uint32_t max_connections = 10'000;  // downstream; further ones wait in the kernel's backlog
  uint32_t max_head = 32u << 10;      // bytes of request line and fields, or of a response's head
  uint32_t max_headers = 100;         // fields in one head or trailer section
};

// Time limits on the client's side.
struct DownstreamTimeouts {
  Duration header = 10s;      // from the first byte of a request to the end of its head
  Duration idle = 30s;        // longest pause while a body is read or a response is written
  Duration keep_alive = 75s;  // an open connection without a request
};

// What one HTTP/2 connection of a client may have us do (transport/h2_limits.h says what for).
struct Http2Limits {
  uint32_t max_concurrent_streams = 100;
  uint32_t stream_window = 256u << 10;    // bytes
  uint32_t connection_window = 1u << 20;  // bytes
  uint32_t resets = 500;                  // at once; and per second for as long as one likes:
  uint32_t resets_per_second = 50;
  uint32_t idle_frames = 2'000;
  uint32_t idle_frames_per_second = 200;
};

enum class Scheme : uint8_t { http, https };

struct Backend {
  std::string url;  // as written, for logs and status
  Scheme scheme = Scheme::http;
  std::string host;  // name or address, IPv6 without brackets
  uint16_t port = 80;
  std::string base_path;    // goes before the request's path; "" or "/x", never a trailing '/'
  std::string host_header;  // value of the Host field: the URL's authority unless overridden
};

// How TLS is spoken with the https:// backends of a pool. Files are PEM.
struct UpstreamTls {
  std::string ca_file;             // empty = the system's roots
  std::string server_name;         // empty = the host of each backend's URL
  bool verify = true;              // false: anybody on the way can be the backend
  std::string client_certificate;  // shown to backends that ask; empty = none
  std::string client_key;

  bool operator==(const UpstreamTls&) const = default;
};

// The version of HTTP that is spoken with a pool's backends. `automatic`: with TLS what the backend
// chooses (ALPN), in clear text HTTP/1.1.
enum class Protocol : uint8_t { automatic, http1, h2 };

struct HeaderMatch {
  std::string name;   // lower case
  std::string value;  // compared exactly

  bool operator==(const HeaderMatch&) const = default;
};

// Which requests belong to a service. Each empty list matches everything; within `hosts` and
// `paths` one hit is enough, of `headers` all must hit. See router.h.
struct Match {
  std::vector<std::string> hosts;  // lower case, without port: "a.example" or "*.example"
  std::vector<std::string>
      paths;  // prefixes at segment boundaries: "/v2" is /v2 and /v2/x, not /v2x
  std::vector<HeaderMatch> headers;
};

// What is special about some paths of a service; the longest matching prefix decides, and what it
// leaves open is as the service says. Ask route_traits() in router.h for the answer.
struct RouteRule {
  std::string path;  // a prefix, as in Match::paths
  bool heavy = false;
  std::optional<bool> repeatable;
  std::optional<bool> gather_body;
  std::optional<policy::Priority> priority;
};

// Time limits on the backends' side.
struct Timeouts {
  Duration connect = 2s;
  Duration first_byte = 240s;   // of one attempt, from request sent to response head; spans a start
  Duration idle = 60s;          // longest pause within a response, or while a request body is sent
  Duration total = 300s;        // arrival to last byte, all attempts; 0 = no limit (long streams)
  Duration keep_alive = 50s;    // an idle connection to a backend; below common servers' 60 s
  Duration tunnel_idle = 5min;  // an upgraded connection on which nothing passes either way
};

struct Limits {
  uint64_t max_body = 32ull << 20;     // bytes of a request body; more is 413
  uint32_t replay_buffer = 1u << 20;   // bytes kept for another attempt; beyond it, no repetition
  uint32_t max_idle_connections = 64;  // kept open per backend
};

// Between whom the capacity is shared evenly while it is short.
enum class FairBy : uint8_t { none, client, header };

struct FairKey {
  FairBy by = FairBy::none;  // as policy.queue.fair says, too
  std::string header = "authorization";
};

// How does a client ask for a streamed answer?
enum class StreamAsked : uint8_t { accept, body };

// Clients of event streams that wait long for the first event.
struct Streams {
  Duration heartbeat{};  // time between comments to a client that waits; 0 = none are sent
  StreamAsked asked_by = StreamAsked::accept;
};

// The paths that the gateway itself asks for.
struct Probes {
  std::string health_path = "/v2/health/ready";  // always-on backends, by GET; 2xx is healthy
  std::string wake_path = "/v2/health/ready";    // serverless, by GET; only sent to wake or to ping
  // Serverless, by POST with the field `warmgate-release`: the instance that gets it ends. None:
  // instances cannot be asked to.
  std::optional<std::string> release_path;
};

// Do both pools serve the same model? Asked when a backend is seen healthy or warm anyway.
struct ModelCheck {
  bool enabled = true;
  std::string name;  // of the model; empty = the check is off, for nothing can be asked

  // Open Inference Protocol metadata. The loader puts the name in, if there is one.
  std::string path = "/v2/models/{name}";
};

// An instance of the serverless pool, for estimates of what it costs.
struct InstanceSize {
  double vcpus = 1;
  uint64_t memory = 512u << 20;  // bytes
  billing::Gpu gpu = billing::Gpu::none;
  double usd_per_hour = 0;  // 0 = by the list price of what it has
};

struct Service {
  std::string name;  // unique; letters, digits, '-', '_', '.': it becomes a metric label
  Match match;
  policy::ServiceSettings policy;   // its backend counts equal the sizes of the two lists below
  std::vector<Backend> always_on;   // index = policy::BackendRef::index
  std::vector<Backend> serverless;  // at least one backend in the two lists together
  UpstreamTls always_on_tls;
  UpstreamTls serverless_tls;
  Protocol always_on_protocol = Protocol::automatic;
  Protocol serverless_protocol = Protocol::automatic;
  InstanceSize instance;                        // of the serverless pool
  std::vector<schedule::WindowText> schedules;  // when serverless should be ready; each parses
  Timeouts timeouts;
  Limits limits;
  Streams streams;
  FairKey fair;
  Probes probes;
  ModelCheck model;
  bool repeatable = true;   // may a request be sent again after bytes of it were sent?
  bool gather_body = true;  // is a request sent only when its body is here?
  policy::Priority priority = policy::Priority::high;  // of requests that do not say
  std::vector<RouteRule> routes;                       // exceptions by path
};

// The last events of each service, to replay them (docs/replay.md).
struct RecorderSettings {
  uint64_t memory = 4ull << 20;    // bytes per service; 0 = nothing is recorded
  std::string directory = "/tmp";  // for what is written at a crash or at a drain
  bool on_drain = false;
};

struct Config {
  std::vector<ListenAddress> listen = {{"", 8080}};
  std::optional<ListenAddress> admin = ListenAddress{"127.0.0.1", 9901};  // nullopt = off
  DownstreamTls tls;
  LogSettings log;
  GlobalLimits limits;
  DownstreamTimeouts timeouts;
  Http2Limits http2;
  RecorderSettings recorder;
  uint32_t threads = 1;
  Duration drain_timeout = 25s;     // SIGTERM to exit; Kubernetes kills after 30 s by default
  Duration resolve_interval = 30s;  // how often the names of backends are looked up again
  std::vector<Service> services;
};

}  // namespace warmgate::config
