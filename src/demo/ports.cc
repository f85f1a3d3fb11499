#include "demo/ports.h"

#include <random>
#include <set>
#include <utility>

#include "serverless/free_port.h"

namespace warmgate::demo {
namespace {

bool is_free(net::Loop& loop, uint16_t port) {
  return loop.listen(local(port), [](std::unique_ptr<net::Stream>) {}).ok();
}

}  // namespace

net::Address local(uint16_t port) {
  return *net::Address::from_ip("127.0.0.1", port);
}

std::string local_url(uint16_t port) {
  return "http://" + local(port).to_string();
}

Result<Ports> choose_ports(net::Loop& loop, std::ostream& out) {
  Ports ports;
  const std::pair<const char*, uint16_t*> all[] = {
      {"the gateway", &ports.gateway},
      {"its status page", &ports.admin},
      {"warmgate serverless", &ports.serverless},
      {"its status", &ports.serverless_status},
      {"the always-on model server", &ports.always_on}};
  Prng prng(std::random_device{}());
  std::set<uint16_t> taken;
  for (const auto& [what, port] : all) {
    if (!is_free(loop, *port)) {
      const auto other = serverless::find_free_port(prng, taken);
      if (!other) return other.error();
      out << "port " << *port << " is in use: " << what << " takes " << *other << std::endl;
      *port = *other;
    }
    taken.insert(*port);
  }
  return ports;
}

}  // namespace warmgate::demo
