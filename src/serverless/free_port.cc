#include "serverless/free_port.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace warmgate::serverless {
namespace {

constexpr uint16_t kFirst = 20'000, kEnd = 32'000;
constexpr int kTries = 200;

bool can_bind(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  // As most servers do; it does not allow two listeners.
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  const bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return bound;
}

}  // namespace

Result<uint16_t> find_free_port(Prng& prng, const std::set<uint16_t>& taken) {
  for (int i = 0; i < kTries; ++i) {
    const auto port = static_cast<uint16_t>(kFirst + prng.below(kEnd - kFirst));
    if (!taken.contains(port) && can_bind(port)) return port;
  }
  return Error{"no free port was found between 20000 and 31999"};
}

}  // namespace warmgate::serverless
