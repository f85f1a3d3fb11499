// AdminServer: the endpoints for those who run warmgate, on a listener of their own.
//
//   /          a status page for people       /healthz   200 while the process lives
//   /status    all that is known, as JSON     /readyz    200 when started and not draining
//   /metrics   Prometheus text               /recordings/SERVICE   its last events, to replay
//
// Safety.  Reads only; nothing can be changed here. It has no authentication: by default it listens
//          on the loopback interface, and docs/operations.md says what to mind elsewhere.
// Thread.  All on the first worker's loop, between two batches of the data plane's events.
#pragma once

#include "base/result.h"
#include "gateway/gateway.h"
#include "net/loop.h"
#include "transport/simple_server.h"

namespace warmgate::admin {

class AdminServer {
 public:
  // `gateway` must outlive the server.
  AdminServer(net::Loop& loop, const gateway::Gateway& gateway);

  // May be listened on before the gateway is started, and during its drain: /readyz tells.
  Status listen(const net::Address& address) { return server_.listen(address); }
  net::Address address() const { return server_.address(); }

 private:
  transport::SimpleResponse respond(const transport::SimpleRequest& request) const;

  net::Loop& loop_;
  const gateway::Gateway& gateway_;
  transport::SimpleServer server_;
};

}  // namespace warmgate::admin
