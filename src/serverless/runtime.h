// Runtime joins the pool's decisions to the world: processes, probes, connections, timers.
//
// Model.   Whatever happens is told as an event. After each batch of the loop's events the pool is
//          stepped with them in order, and its actions are carried out; so nothing is destroyed
//          while its own code runs.
// Life.    listen(), then run the loop; shut_down() ends all instances and then calls on_ended.
//          Destruction kills what still runs.
// Thread.  All on the loop's thread, which must be the process's main thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.h"
#include "net/epoll_loop.h"
#include "serverless/exchange.h"
#include "serverless/options.h"
#include "serverless/pool.h"
#include "serverless/probe.h"
#include "serverless/process.h"
#include "serverless/status.h"
#include "transport/server.h"
#include "transport/simple_server.h"

namespace warmgate::serverless {

class Runtime final : private transport::Application, private ExchangeOwner, private net::Deferred {
 public:
  struct World {
    std::vector<std::string> environment;                             // inherited by instances
    std::function<void(std::string_view line, bool is_error)> print;  // a line of an instance
    std::function<void()> on_ended;
  };

  // `options` were validated; `program` is what options.command means.
  Runtime(net::EpollLoop& loop, const ServerlessOptions& options, const std::string& program,
          World world);
  ~Runtime() override;

  Status listen();
  net::Address address() const { return server_.address(); }

  // The first call asks instances to end, a second one kills them.
  void shut_down();

  RuntimeStatus status() const;

 private:
  struct Instance {
    std::string name;
    uint16_t port = 0;
    Instant spawned{};
    std::unique_ptr<Process> process;
    std::unique_ptr<StartupProbe> probe;
  };

  void on_request(const http::RequestHead& head, transport::ServerTransaction& client) override;
  void tell(const Event& event) override;
  void run() override;

  void note(const Event& event);
  void carry_out(const Spawn& action);
  void carry_out(const Probe& action);
  void carry_out(const Assign& action);
  void carry_out(const Refuse& action);
  void carry_out(const Signal& action);
  void carry_out(const SetTimer& action);

  Status start_process(InstanceId id, Instance& instance);
  void drop_finished();
  void end_when_quiet();
  void answer_status(const transport::SimpleRequest& request, transport::Responder respond);
  std::string instance_name(InstanceId id) const;
  // That is spoken with instances.
  transport::ClientProtocol protocol() const {
    using transport::ClientProtocol;
    return options_.http2 ? ClientProtocol::h2 : ClientProtocol::http1;
  }

  net::EpollLoop& loop_;
  const ServerlessOptions options_;
  const std::string program_;
  const World world_;
  const Instant began_;
  const std::string tag_;  // tells the instances of this run from those of another
  Prng port_prng_;
  InstancePool pool_;
  net::Timer timer_;
  net::Timer quiet_timer_;
  Instant quiet_limit_ = kNever;  // shutting down: when the last clients are cut off
  bool shutting_down_ = false;
  std::vector<Event> events_;  // told, and not yet seen by the pool
  uint64_t last_request_ = 0;
  std::map<InstanceId, Instance> instances_;  // that were spawned
  transport::Server server_;
  transport::SimpleServer status_server_;
  std::map<RequestId, std::unique_ptr<Exchange>> exchanges_;  // they use server_'s connections
  std::vector<RequestId> finished_;
};

}  // namespace warmgate::serverless
