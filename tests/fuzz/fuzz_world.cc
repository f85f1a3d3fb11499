#include "fuzz_world.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/assert.h"
#include "config/loader.h"

namespace warmgate::test {
namespace {

const net::Address kGateway = *net::Address::from_ip("10.0.0.1", 80);
const std::array<net::Address, 3> kBackends = {*net::Address::from_ip("10.0.1.1", 80),
                                               *net::Address::from_ip("10.0.1.2", 80),
                                               *net::Address::from_ip("10.0.2.1", 80)};

// Small limits, so that few bytes reach them.
std::string yaml(const std::string& more) {
  return "listen: \"10.0.0.1:80\"\nadmin: off\nlog: {access: false}\n"
         "services:\n  - name: a\n    health: {interval: 2m}\n"
         "    model: {name: m}\n"
         "    limits: {replay_buffer: 2KiB, max_body: 20KiB}\n"
         "    queue: {max_requests: 5, max_bytes: 8KiB, cold_wait: 10s}\n"
         "    routes: [{path: /batch, heavy: true}, {path: /once, repeatable: false}]\n" +
         more;
}

const config::Config& load(const std::string& more) {
  config::Loaded loaded = config::load_text(yaml(more), "fuzz.yaml");
  WG_ASSERT(loaded.config.has_value(), "the fuzzer's configuration is valid");
  return *new config::Config(*std::move(loaded.config));
}

const config::Config& configuration(uint32_t choice) {
  const std::string always_on =
      "    always_on: {backends: [http://10.0.1.1, http://10.0.1.2], concurrency: 1}\n";
  const std::string serverless =
      "    serverless: {backends: http://10.0.2.1, concurrency: 2, max_instances: 3, "
      "expected_cold_start: 1s}\n";
  const std::string patient = "    timeouts: {total: 15s}\n";
  static const std::array<const config::Config*, 4> kAll = {
      &load(always_on + serverless + patient),
      &load(always_on + serverless + patient + "    prefer: always_on\n"),
      &load(serverless + "    timeouts: {total: 2s, first_byte: 500ms}\n"),
      &load(always_on + patient + "    heavy: {allow_always_on: false}\n")};
  return *kAll[choice % kAll.size()];
}

constexpr std::string_view kRequests[] = {
    "GET /x HTTP/1.1\r\nhost: h\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nabcde\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n",
    "GET /batch HTTP/1.1\r\nhost: h\r\n\r\n",
    "POST /once HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\n\r\n\r\n",
    "GET /x HTTP/1.1\r\nhost: h\r\nwarmgate-timeout: 300ms\r\nwarmgate-priority: low\r\n\r\n",
    "HEAD /x HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    "GET /x HTTP/1.0\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 5000\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: 50000\r\n\r\n",
    "POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nfff\r\n",
    "GET /x HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: h2c, w\r\n\r\n",
};

}  // namespace

FuzzWorld::FuzzWorld(Script& script)
    : script_(script),
      loop_(script.byte(), {.capacity = 4096}),
      gateway_({{loop_, resolver_}}, configuration(script.byte()), {}, script.byte()) {
  for (const net::Address& address : kBackends) {
    backends_.push_back(std::make_unique<FuzzBackend>(loop_, address));
  }
  gateway_.start([](gateway::Gateway::StartFailure, const std::string&) {});
  WG_ASSERT(gateway_.started(), "numeric addresses need no look-up");
}

void FuzzWorld::act() {
  switch (script_.below(8)) {
    case 0:
      open_client();
      break;
    case 1:
    case 2:
    case 3:
      act_of_client();
      break;
    case 4:
    case 5:
      act_of_backend();
      break;
    case 6:
      loop_.run_for(100us * (1u << script_.below(18)));  // up to 13 s
      break;
    case 7:
      loop_.run_for(1ms * script_.byte());
      if (script_.byte() == 255) gateway_.drain();
      break;
  }
  check();
}

RawPeer* FuzzWorld::client() {
  return clients_.empty() ? nullptr : clients_[script_.byte() % clients_.size()].get();
}

void FuzzWorld::open_client() {
  if (clients_.size() == kMostClients) clients_.erase(clients_.begin());
  clients_.push_back(std::make_unique<RawPeer>(loop_, kGateway));
  send_request(*clients_.back());
}

void FuzzWorld::send_request(RawPeer& client) {
  client.send(kRequests[script_.below(std::size(kRequests))]);
}

void FuzzWorld::act_of_client() {
  RawPeer* it = client();
  if (it == nullptr) return;
  switch (script_.below(8)) {
    case 0:
    case 1:
      return send_request(*it);
    case 2:
      return it->send(script_.take(script_.byte()));
    case 3:
      return it->send(std::string(script_.byte() * 40u, 'x'));
    case 4:
      return it->end_writing();
    case 5:
      return it->close();
    case 6:
      return it->reset();
    case 7:
      if (script_.byte() % 2 == 0) return it->pause_reading();
      return it->resume_reading();
  }
}

void FuzzWorld::act_of_backend() {
  FuzzBackend& it = *backends_[script_.below(3)];
  switch (script_.below(9)) {
    case 0:
    case 1:
      return it.set_habit(script_.byte());
    case 2:
      return it.set_delay(1ms * (1u << script_.below(13)));
    case 3: {
      const size_t which = script_.byte();
      return it.answer(which, script_.byte());
    }
    case 4: {
      const size_t which = script_.byte();
      return it.send(which, script_.take(script_.byte()));
    }
    case 5: {
      const size_t which = script_.byte();
      return it.close(which, script_.byte() % 2 == 0);
    }
    case 6:
      return it.stop();
    case 7:
      return it.start();
    case 8: {
      Weather weather;
      weather.refuse = script_.byte() % 4 == 0;
      weather.black_hole = script_.byte() % 8 == 0;
      if (script_.byte() % 2 == 0) weather.reset_after_received = script_.byte();
      if (script_.byte() % 2 == 0) weather.reset_after_sent = script_.byte();
      return it.set_weather(weather);
    }
  }
}

void FuzzWorld::check() {
  for (const auto& service : gateway_.services()) service->check_invariants();
}

// No client says anything any more, and all that they get is read: by its own time limits the
// gateway must end every request and every connection, pipelined ones one after the other.
void FuzzWorld::finish() {
  for (const auto& each : clients_) {
    if (each->connected() && !each->over()) each->resume_reading();
  }
  loop_.run_for(3h);
  check();
  WG_ASSERT(gateway_.connections() == 0, "every connection ends");
  for (const auto& service : gateway_.services()) {
    const policy::ServiceStatus status = service->status();
    WG_ASSERT(service->in_flight() == 0 && status.queued == 0, "every request ends");
    WG_ASSERT(status.always_on.in_flight == 0 && status.serverless.in_flight == 0,
              "every slot is given back");
  }
}

}  // namespace warmgate::test
