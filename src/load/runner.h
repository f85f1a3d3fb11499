// Runner sends a load: open loop, so that a slow server meets all requests it would have met from
// its users, and cannot hide its queue.
//
// Time.     A request belongs to its intended time. Latency and time limit count from there, also
//           when we were late ourselves; Outcome::lag says by how much.
// Bounds.   At most `max_connections` requests in flight; one that finds none free is not sent and
//           is counted as such. At most kMaxAnswer bytes of an answer are kept, and only of an
//           answer that will be checked.
// Retries.  None: every failure is the user's.
// Thread.   All on the loop's thread.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "load/arrivals.h"
#include "load/outcome.h"
#include "load/payloads.h"
#include "net/loop.h"
#include "net/tls_client.h"
#include "transport/client_pool.h"

namespace warmgate::load {

struct RunnerSettings {
  std::vector<net::Address> addresses;
  std::string authority;
  std::string method = "POST";
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> fields;  // no Host, no framing
  Duration timeout = 30s;
  uint32_t max_connections = 1'000;
  std::optional<net::TlsClientContext> tls;  // of an https:// target
  std::string tls_name;                      // that its certificate must be for
};

class Runner {
 public:
  static constexpr size_t kMaxAnswer = size_t{16} << 20;

  struct Callbacks {
    std::function<void(const Outcome&)> on_outcome;
    std::function<void()>
        on_done;  // nothing more to send, nothing in flight; may destroy the Runner
  };

  // `payloads` may be empty: requests without a body. All must outlive the Runner.
  Runner(net::Loop& loop, RunnerSettings settings, std::span<const Payload> payloads,
         Arrivals& arrivals, Callbacks callbacks);
  ~Runner();

  void start();         // the run begins now
  void stop_sending();  // what is in flight goes on; then on_done
  void abandon();       // also gives up what is in flight

  uint64_t sent() const { return sent_; }
  uint64_t in_flight() const { return calls_.size(); }
  Duration elapsed() const { return loop_.now() - started_; }
  const transport::ClientStats& connections() const { return pool_.stats(); }

 private:
  class Call;
  using Calls = std::list<std::unique_ptr<Call>>;

  void send_what_is_due();
  void send(Duration intended);
  void finish(Calls::iterator call, const Outcome& outcome);
  void check_done();

  net::Loop& loop_;
  const RunnerSettings settings_;
  std::span<const Payload> payloads_;
  Arrivals& arrivals_;
  Callbacks callbacks_;
  std::optional<net::TlsClient> tls_;
  transport::ClientPool pool_;
  net::Timer next_send_;
  net::Timer done_;  // tells the end from outside of any call
  std::optional<Duration> next_;
  std::vector<http::Field> fields_;  // views of settings_.fields
  Instant started_{};
  size_t next_payload_ = 0;
  uint64_t sent_ = 0;
  Calls calls_;
};

}  // namespace warmgate::load
