#include "config/service_keys.h"

#include <cctype>
#include <memory>
#include <string>
#include <string_view>

#include "config/lists.h"
#include "config/section.h"
#include "config/texts.h"
#include "config/values.h"

namespace warmgate::config {
namespace {

using policy::AlwaysOnSettings;
using policy::HealthSettings;
using policy::ServerlessSettings;
using policy::ServiceSettings;
using policy::WakeSettings;

constexpr size_t kMaxBackends = 64;
constexpr size_t kMaxSchedules = 64;

CodecPtr<policy::Priority> priority() {
  return choice<policy::Priority>(
      {{"high", policy::Priority::high}, {"low", policy::Priority::low}});
}

CodecPtr<Match> match_section() {
  auto section = std::make_shared<Section<Match>>();
  section
      ->key("hosts", &Match::hosts, list_of(host_pattern()),
            "Hosts, one of which must match; none = every host. `*.example` is all below it.")
      .key("paths", &Match::paths, list_of(path_prefix()),
           "Path prefixes, one of which must match where a segment ends; none = every path.")
      .key("headers", &Match::headers, header_matches(),
           "Header fields, all of which must be there with exactly this value.");
  return section;
}

// Leads from a Service to a part of one member of its policy settings.
template <class Part, class Member>
auto policy_at(Part part, Member member) {
  return [=](auto& service) -> auto& {
    return service.policy.*part.*member;
  };
}

CodecPtr<UpstreamTls> tls_section() {
  using T = UpstreamTls;
  auto section = std::make_shared<Section<T>>();
  section
      ->key("ca_file", &T::ca_file, file_name(),
            "PEM file of the certificates to trust, instead of the system's roots.")
      .key("server_name", &T::server_name, tls_name(),
           "Name to ask for (SNI) and to find in the certificate, instead of the URL's host.")
      .key("verify", &T::verify, boolean(),
           "`false` takes any certificate: whoever sits on the way can be the backend.")
      .key("client_certificate", &T::client_certificate, file_name(),
           "PEM file of a certificate to show to backends that ask for one, with its chain.")
      .key("client_key", &T::client_key, file_name(), "PEM file of its private key.");
  return section;
}

CodecPtr<policy::LimitSettings> limit_section() {
  using L = policy::LimitSettings;
  auto section = std::make_shared<Section<L>>();
  section
      ->key("enabled", &L::enabled, boolean(),
            "Lower `concurrency` for a backend whose answers under load are too slow.")
      .key("tolerance", &L::tolerance, number(1.1, 10),
           "How many times as long as those of a quiet backend they may take.");
  return section;
}

CodecPtr<Protocol> protocol() {
  return choice<Protocol>(
      {{"auto", Protocol::automatic}, {"http1", Protocol::http1}, {"h2", Protocol::h2}});
}

constexpr const char* kProtocolText =
    "HTTP towards its backends. `auto`: with `https://` what the backend chooses (ALPN), HTTP/2 "
    "first; with `http://` HTTP/1.1. `h2`: HTTP/2 only, with `http://` by prior knowledge (gRPC "
    "needs that); upgrades such as WebSocket are then refused.";

CodecPtr<Service> always_on_section() {
  auto section = std::make_shared<Section<Service>>();
  section
      ->key("backends", &Service::always_on, list_of(backend_codec(), 0, kMaxBackends),
            "Addresses of the always-on pool.")
      .key("concurrency", policy_at(&ServiceSettings::always_on, &AlwaysOnSettings::concurrency),
           integer<uint32_t>(1, 10'000), "Requests at a time per backend.")
      .key("limit", policy_at(&ServiceSettings::always_on, &AlwaysOnSettings::limit),
           limit_section(), "Fewer at a time while a backend cannot do that many.")
      .key("protocol", &Service::always_on_protocol, protocol(), kProtocolText)
      .key("tls", &Service::always_on_tls, tls_section(), "TLS with its `https://` backends.");
  return section;
}

CodecPtr<InstanceSize> instance_section() {
  using I = InstanceSize;
  auto section = std::make_shared<Section<I>>();
  section->key("cpu", &I::vcpus, number(0.08, 64), "vCPUs.")
      .key("memory", &I::memory, size<uint64_t>(128u << 20, 1ull << 40), "Memory.")
      .key("gpu", &I::gpu,
           choice<billing::Gpu>({{"none", billing::Gpu::none},
                                 {"l4", billing::Gpu::l4},
                                 {"l4-zonal", billing::Gpu::l4_zonal}}),
           "Its GPU; `l4-zonal`: with zonal redundancy.")
      .key("usd_per_hour", &I::usd_per_hour, number(0, 1'000),
           "What an hour of it costs, at work or idle as `billing` says; 0: by Cloud Run's list "
           "price.");
  return section;
}

CodecPtr<schedule::WindowText> schedule_section() {
  using W = schedule::WindowText;
  auto section = std::make_shared<Section<W>>();
  section
      ->key("start", &W::start, cron_line(), "When the window opens, as a line of cron.",
            Presence::required)
      .key("end", &W::end, cron_line(), "When it closes, likewise.", Presence::required)
      .key("time_zone", &W::time_zone, zone_name(),
           "Whose wall clock is meant; other zones than UTC need the system's tzdata.")
      .key("instances", &W::instances, integer<uint32_t>(1, 1'000),
           "How many instances should be ready.");
  return section;
}

CodecPtr<Service> serverless_section() {
  auto at = [](auto member) { return policy_at(&ServiceSettings::serverless, member); };
  using S = ServerlessSettings;
  auto section = std::make_shared<Section<Service>>();
  section
      ->key("backends", &Service::serverless, list_of(backend_codec(), 0, kMaxBackends),
            "Addresses of the serverless pool, normally one.")
      .key("concurrency", at(&S::concurrency), integer<uint32_t>(1, 1'000),
           "Requests at a time per instance, as the platform is configured.")
      .key("max_instances", at(&S::max_instances), integer<uint32_t>(1, 10'000),
           "Most instances, as the platform is configured.")
      .key("billing", at(&S::billing),
           choice<policy::Billing>(
               {{"request", policy::Billing::request}, {"instance", policy::Billing::instance}}),
           "`request`: an idle instance is free. `instance`: it costs as much as a busy one.")
      .key("expected_cold_start", at(&S::expected_cold_start), duration(1ms, 1h),
           "A first guess at the time of a start; what is measured overtakes it.")
      .key("idle_lifetime", at(&S::idle_lifetime), duration(1s, 24h),
           "The longest that the platform keeps an idle instance, by its documentation.")
      .key("keep_warm", at(&S::keep_warm), boolean(),
           "Ping an idle pool so that it stays warm, with as many instances as were needed at once "
           "lately.")
      .key("keep_warm_interval", at(&S::keep_warm_interval), duration(1s, 24h, "learned"),
           "Time between such pings.")
      .key("instance", &Service::instance, instance_section(),
           "What an instance has: estimates of cost rest on it.")
      .key("schedules", &Service::schedules, list_of(schedule_section(), 0, kMaxSchedules),
           "Windows of the week for which the pool is woken ahead, and kept warm.")
      .key("release_path", via(&Service::probes, &Probes::release_path),
           or_word(request_path(), "none"),
           "Where an instance is asked to end, with `billing: instance`. `none`: it cannot be.")
      .key("rental_trust", at(&S::rental_trust), number(0.05, 1),
           "With `billing: instance`, how far the learned idle gaps are followed: what is paid "
           "for idling and starts stays within 1 + 1/trust times that of perfect foresight. 1 "
           "follows them not at all.")
      .key("protocol", &Service::serverless_protocol, protocol(), kProtocolText)
      .key("tls", &Service::serverless_tls, tls_section(), "TLS with its `https://` backends.");
  return section;
}

CodecPtr<Service> health_section() {
  auto at = [](auto member) { return policy_at(&ServiceSettings::health, member); };
  using H = HealthSettings;
  auto section = std::make_shared<Section<Service>>();
  section->key("enabled", at(&H::enabled), boolean(), "Probe the always-on backends.")
      .key("path", via(&Service::probes, &Probes::health_path), request_path(),
           "What a probe asks for by GET; an answer 2xx is healthy. "
           "`/grpc.health.v1.Health/Check` calls gRPC's health service instead.")
      .key("interval", at(&H::interval), duration(100ms, 1h), "Time between probes of a backend.")
      .key("timeout", at(&H::timeout), duration(10ms, 5min), "Longest wait for a probe's answer.")
      .key("unhealthy_after", at(&H::unhealthy_after), integer<uint32_t>(1, 100),
           "Failed probes in a row that take a backend out.")
      .key("healthy_after", at(&H::healthy_after), integer<uint32_t>(1, 100),
           "Good probes in a row that bring it back.");
  return section;
}

CodecPtr<Service> wake_section() {
  auto at = [](auto member) { return policy_at(&ServiceSettings::wake, member); };
  using W = WakeSettings;
  auto section = std::make_shared<Section<Service>>();
  section
      ->key("enabled", at(&W::enabled), boolean(),
            "Wake a sleeping serverless pool before it is needed.")
      .key("path", via(&Service::probes, &Probes::wake_path), request_path(),
           "What a wake or a ping asks for; it should answer 2xx only when the model is loaded. "
           "`/grpc.health.v1.Health/Check` as with `health`.")
      .key("timeout", at(&W::timeout), duration(1s, 1h),
           "How long one wake may take before another is sent.")
      .key("headroom", at(&W::headroom), number(0.01, 1),
           "Wake when the forecast exceeds this share of what the always-on pool can do.")
      .key("learned_hours", at(&W::learned_hours), boolean(),
           "Wake ahead of what recurs at the same time of the hour, the day or the week.");
  return section;
}

CodecPtr<ModelCheck> model_section() {
  auto section = std::make_shared<Section<ModelCheck>>();
  section
      ->key("name", &ModelCheck::name, model_name(),
            "Name of the model. With it, warmgate compares what both pools say that they serve.")
      .key("check", &ModelCheck::enabled, boolean(),
           "Compare the pools, and warn when they differ.")
      .key("path", &ModelCheck::path, request_path(),
           "Where a pool describes its model; `{name}` stands for the name.");
  return section;
}

CodecPtr<Timeouts> timeouts_section() {
  auto section = std::make_shared<Section<Timeouts>>();
  section->key("connect", &Timeouts::connect, duration(1ms, 5min), "To open a connection.")
      .key("first_byte", &Timeouts::first_byte, duration(1ms, 1h),
           "Of one attempt, from the request sent to the head of its response; it must span a "
           "start.")
      .key("idle", &Timeouts::idle, duration(1ms, 1h),
           "Longest pause within a response, or while a backend takes a body.")
      .key("total", &Timeouts::total, duration(1ms, 24h, "no limit"),
           "From the arrival of a request to its last byte, all attempts together.")
      .key("keep_alive", &Timeouts::keep_alive, duration(10ms, 1h),
           "How long an idle connection to a backend stays open; less than the backend's own "
           "limit.")
      .key("tunnel_idle", &Timeouts::tunnel_idle, duration(10ms, 24h),
           "How long an upgraded connection (WebSocket) may be silent; `idle` and `total` do not "
           "hold there.");
  return section;
}

CodecPtr<Streams> streams_section() {
  auto section = std::make_shared<Section<Streams>>();
  section
      ->key("heartbeat", &Streams::heartbeat, duration(100ms, 10min, "off"),
            "A client that asked for an event stream and has waited so long gets its head and a "
            "comment, and another one each time; errors are then told within the stream.")
      .key("asked_by", &Streams::asked_by,
           choice<StreamAsked>({{"accept", StreamAsked::accept}, {"body", StreamAsked::body}}),
           "What asks for an event stream: `accept`, the field Accept with `text/event-stream`; "
           "`body`, that or a JSON body with `\"stream\": true`.");
  return section;
}

CodecPtr<Limits> limits_section() {
  auto section = std::make_shared<Section<Limits>>();
  section
      ->key("max_body", &Limits::max_body, size<uint64_t>(0, 1ull << 40),
            "Longest body of a request; 413 above it.")
      .key("replay_buffer", &Limits::replay_buffer, size<uint32_t>(0, 1u << 30),
           "What is kept of a body, until it is sent and for another attempt; a request with more "
           "is sent once only, and is sent when so much of it is here.")
      .key("max_idle_connections", &Limits::max_idle_connections, integer<uint32_t>(0, 10'000),
           "Idle connections kept open per backend.");
  return section;
}

CodecPtr<RouteRule> route_section() {
  auto section = std::make_shared<Section<RouteRule>>();
  section
      ->key("path", &RouteRule::path, path_prefix(),
            "A path prefix; the longest that matches decides.", Presence::required)
      .key("heavy", &RouteRule::heavy, boolean(), "Requests here prefer the serverless pool.")
      .key("repeatable", &RouteRule::repeatable, or_word(boolean(), "inherit"),
           "As `repeatable` of the service.")
      .key("gather_body", &RouteRule::gather_body, or_word(boolean(), "inherit"),
           "As `gather_body` of the service.")
      .key("priority", &RouteRule::priority, or_word(priority(), "inherit"),
           "As `priority` of the service.");
  return section;
}

// RFC 3986 unreserved characters stay, so that a name is one segment of the path.
std::string percent_encode(const std::string& text) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

void price(Service& service) {
  policy::ServerlessSettings& serverless = service.policy.serverless;
  const InstanceSize& size = service.instance;
  const billing::Instance instance{.vcpus = size.vcpus,
                                   .memory_gib = static_cast<double>(size.memory) / (1u << 30),
                                   .gpu = size.gpu,
                                   .by_request = serverless.billing == policy::Billing::request};
  const billing::Prices list;
  serverless.usd_per_request = billing::usd_per_request(list, instance);
  serverless.usd_per_instance_s = size.usd_per_hour > 0
                                      ? size.usd_per_hour / 3'600
                                      : billing::usd_per_instance_s(list, instance);
}

void complete(Service& service) {
  price(service);
  service.policy.always_on.backends = static_cast<uint16_t>(service.always_on.size());
  service.policy.serverless.backends = static_cast<uint16_t>(service.serverless.size());
  service.policy.queue.fair = service.fair.by != FairBy::none;
  service.policy.serverless.can_release = service.probes.release_path.has_value();
  const std::string_view placeholder = "{name}";
  const size_t at = service.model.path.find(placeholder);
  if (at == std::string::npos || service.model.name.empty()) return;
  service.model.path.replace(at, placeholder.size(), percent_encode(service.model.name));
}

}  // namespace

CodecPtr<Service> service_section() {
  auto policy = [](auto member) { return via(&Service::policy, member); };
  using P = ServiceSettings;
  auto section = std::make_shared<Section<Service>>();
  section
      ->key("name", &Service::name, service_name(), "Its name in logs, status and metrics.",
            Presence::required)
      .key("match", &Service::match, match_section(),
           "Which requests it takes; the most specific match of all services wins.")
      .key("slo", policy(&P::slo), duration(1ms, 1h),
           "The latency that a request should stay within, from its arrival with its body.")
      .key("slo_share", policy(&P::slo_share), number(0.5, 0.99999),
           "The share of requests that should be within the SLO: what a late one is worth, where "
           "idle time is paid, and how sure a wait for the always-on pool has to be.")
      .key("slo_until", policy(&P::slo_first_byte),
           choice<bool>({{"last_byte", false}, {"first_byte", true}}),
           "What the SLO counts to; `first_byte` suits streamed answers.")
      .key("prefer", policy(&P::prefer),
           choice<policy::Prefer>({{"serverless", policy::Prefer::serverless},
                                   {"always_on", policy::Prefer::always_on}}),
           "Which pool takes most while both are ready: `serverless` for latency, `always_on` for "
           "cost.")
      .key("repeatable", &Service::repeatable, boolean(),
           "A request may be sent again after some of it was sent; inference normally may.")
      .key("gather_body", &Service::gather_body, boolean(),
           "A request takes a slot only when its body is here, or `limits.replay_buffer` of it, or "
           "of gRPC the first message. `false` where a client waits for an answer before it sends "
           "its body's end.")
      .key("priority", &Service::priority, priority(),
           "Of requests that do not say; under pressure `low` is refused first.")
      .key("always_on", kSameOwner, always_on_section(), "The pool that never sleeps.")
      .key("serverless", kSameOwner, serverless_section(), "The pool that scales to zero.")
      .key("queue", kSameOwner, queue_section(), "Requests that wait in the gateway.")
      .key("bypass", policy(&P::bypass), bypass_section(), "Help for slow serverless responses.")
      .key("circuit", policy(&P::circuit), circuit_section(), "Protection from a failing pool.")
      .key("retry", policy(&P::retry), retry_section(), "Further attempts after a failure.")
      .key("heavy", policy(&P::heavy), heavy_section(), "Requests meant for the larger machine.")
      .key("health", kSameOwner, health_section(), "Probes of the always-on pool.")
      .key("wake", kSameOwner, wake_section(), "Waking the serverless pool.")
      .key("budget", policy(&P::budget), budget_section(), "Money for the serverless pool.")
      .key("model", &Service::model, model_section(), "Do both pools serve the same model?")
      .key("timeouts", &Service::timeouts, timeouts_section(), "Time limits towards the backends.")
      .key("limits", &Service::limits, limits_section(), "Limits on sizes.")
      .key("streams", &Service::streams, streams_section(),
           "Event streams for clients that have to wait.")
      .key("routes", &Service::routes, list_of(route_section()), "Exceptions for some paths.")
      .finish([](Service& service, const Context&, Mark) { complete(service); });
  return section;
}

}  // namespace warmgate::config
