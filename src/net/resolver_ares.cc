#include "net/resolver_ares.h"

#include <ares.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace warmgate::net {
namespace {

constexpr int kTries = 2;

// Whether this machine has a route to `to`, found by connecting a UDP socket: no packet is sent.
bool reachable(const Address& to) {
  const int fd = socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool connected = ::connect(fd, to.get(), to.length()) == 0;
  close(fd);
  return connected;
}

void drop_unreachable_family(std::vector<Address>& addresses) {
  const auto is = [](int family) {
    return [family](const Address& a) { return a.family() == family; };
  };
  const auto first_v4 = std::ranges::find_if(addresses, is(AF_INET));
  const auto first_v6 = std::ranges::find_if(addresses, is(AF_INET6));
  if (first_v4 == addresses.end() || first_v6 == addresses.end()) return;
  const bool v4 = reachable(*first_v4);
  const bool v6 = reachable(*first_v6);
  if (v4 != v6) std::erase_if(addresses, is(v4 ? AF_INET6 : AF_INET));
}

Resolution read_answer(const ares_addrinfo& answer, uint16_t port) {
  Resolution resolution;
  resolution.ttl = Duration::max();
  const auto believe = [&](int ttl) {
    resolution.ttl = std::min<Duration>(resolution.ttl, std::chrono::seconds(std::max(ttl, 0)));
  };
  for (const auto* cname = answer.cnames; cname != nullptr; cname = cname->next) {
    believe(cname->ttl);
  }
  for (const auto* node = answer.nodes; node != nullptr; node = node->ai_next) {
    Address address(node->ai_addr, node->ai_addrlen);
    address.set_port(port);
    believe(node->ai_ttl);
    if (std::ranges::find(resolution.addresses, address) == resolution.addresses.end()) {
      resolution.addresses.push_back(address);
    }
  }
  drop_unreachable_family(resolution.addresses);
  if (resolution.addresses.size() > kMaxAddresses) resolution.addresses.resize(kMaxAddresses);
  return resolution;
}

// A failure of the name servers, as opposed to their answer that there is no such name.
bool unanswered(int status) {
  return status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED || status == ARES_ESERVFAIL ||
         status == ARES_EREFUSED || status == ARES_ENOTIMP || status == ARES_EBADRESP;
}

std::string explain(int status, const std::string& servers) {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENONAME:
      return "no such name; check its spelling, and that " + servers + " knows it";
    case ARES_ENODATA:
      return "the name exists but has no IPv4 or IPv6 address";
    case ARES_EBADNAME:
      return "that is not a valid host name";
    case ARES_ETIMEOUT:
      return "no answer from " + servers + "; check the network and /etc/resolv.conf";
    case ARES_ECONNREFUSED:  // also when every server answered that it has failed
    case ARES_ESERVFAIL:
    case ARES_EREFUSED:
      return "no useful answer from " + servers + "; check that it works, and /etc/resolv.conf";
    default:
      return ares_strerror(status);
  }
}

}  // namespace

// What the owner holds. Its answer is told by the loop's deferred work, so never from within c-ares
// or resolve(), and the owner may do anything in the callback.
class AresResolver::AresLookup final : public Lookup, public Deferred {
 public:
  AresLookup(EpollLoop& loop, std::string host, Callback callback)
      : loop_(loop),
        host_(std::move(host)),
        callback_(std::move(callback)),
        limit_(loop.timers(), [this] {
          fail("no answer within " + format_duration(kLookupLimit) +
               "; check the network and /etc/resolv.conf");
        }) {
    limit_.arm_after(kLookupLimit);
  }
  ~AresLookup() override;

  void fail(const std::string& reason) {
    answer(Error{"cannot resolve '" + host_ + "': " + reason});
  }
  void answer(Result<Resolution> result) {
    if (result_) return;
    result_.emplace(std::move(result));
    limit_.disarm();
    loop_.defer(*this);
  }
  void run() override {
    auto callback = std::move(callback_);
    callback(std::move(*result_));  // may destroy this
  }

  Query* query = nullptr;  // inside of c-ares

 private:
  EpollLoop& loop_;
  std::string host_;
  Callback callback_;
  std::optional<Result<Resolution>> result_;
  Timer limit_;
};

// What c-ares holds until it calls back. It cannot cancel a single one: who is no longer interested
// lets go of it.
struct AresResolver::Query {
  AresResolver* resolver;
  AresLookup* lookup;  // nullptr when the owner is gone
  uint16_t port;
};

AresResolver::AresLookup::~AresLookup() {
  if (query != nullptr) query->lookup = nullptr;
}

AresResolver::AresResolver(EpollLoop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      timeout_(loop.timers(), [this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  WG_ASSERT(library == ARES_SUCCESS, "c-ares cannot be initialized");
  open();
}

AresResolver::~AresResolver() {
  ares_destroy(channel_);  // calls finish() for what is under way
}

void AresResolver::open() {
  ares_options options{};
  options.timeout = static_cast<int>(options_.try_time / 1ms);
  options.tries = kTries;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<AresResolver*>(self)->watch(fd, readable != 0, writable != 0);
  };
  options.sock_state_cb_data = this;
  const int status = ares_init_options(
      &channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  WG_ASSERT(status == ARES_SUCCESS, "c-ares cannot open a channel");
  if (!options_.servers.empty()) ares_set_servers_ports_csv(channel_, options_.servers.c_str());
}

void AresResolver::reopen_if_stale() {
  if (!stale_ || queries_ > 0) return;
  stale_ = false;
  ares_destroy(channel_);
  open();
}

std::unique_ptr<Resolver::Lookup> AresResolver::resolve(const std::string& host, uint16_t port,
                                                        Callback callback) {
  auto lookup = std::make_unique<AresLookup>(loop_, host, std::move(callback));
  if (auto numeric = Address::from_ip(host, port)) {
    lookup->answer(Resolution{{*numeric}, Duration::max()});
    return lookup;
  }
  reopen_if_stale();
  auto* query = new Query{this, lookup.get(), port};
  lookup->query = query;
  ++queries_;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(
      channel_, host.c_str(), nullptr, &hints,
      [](void* argument, int status, int /*timeouts*/, ares_addrinfo* answer) {
        auto* done = static_cast<Query*>(argument);
        done->resolver->finish(*done, status, answer);
      },
      query);
  arm_timeout();
  return lookup;
}

void AresResolver::finish(Query& query, int status, ares_addrinfo* answer) {
  --queries_;
  if (unanswered(status)) stale_ = true;
  if (AresLookup* lookup = query.lookup; lookup != nullptr) {
    lookup->query = nullptr;
    if (status == ARES_SUCCESS && answer != nullptr && answer->nodes != nullptr) {
      lookup->answer(read_answer(*answer, query.port));
    } else if (status != ARES_EDESTRUCTION) {
      lookup->fail(explain(status == ARES_SUCCESS ? ARES_ENODATA : status, name_servers()));
    }
  }
  if (answer != nullptr) ares_freeaddrinfo(answer);
  delete &query;
}

void AresResolver::watch(int fd, bool readable, bool writable) {
  watches_.erase(fd);  // before it is added with another interest, or closed
  if (!readable && !writable) return;
  const auto interest = !writable  ? EpollLoop::Interest::read
                        : readable ? EpollLoop::Interest::both
                                   : EpollLoop::Interest::write;
  watches_[fd] = loop_.watch(
      fd,
      [this, fd, readable, writable] {
        process(readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
      },
      interest);
}

void AresResolver::process(int readable_fd, int writable_fd) {
  ares_process_fd(channel_, readable_fd, writable_fd);
  arm_timeout();
}

void AresResolver::arm_timeout() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return timeout_.disarm();
  timeout_.arm_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
}

std::string AresResolver::name_servers() const {
  ares_addr_port_node* servers = nullptr;
  if (ares_get_servers_ports(channel_, &servers) != ARES_SUCCESS) return "the name server";
  std::string list;
  for (const auto* server = servers; server != nullptr; server = server->next) {
    char text[INET6_ADDRSTRLEN] = "";
    ares_inet_ntop(server->family, &server->addr, text, sizeof(text));
    list += (list.empty() ? "" : ", ") + std::string(text);
  }
  const bool several = servers != nullptr && servers->next != nullptr;
  ares_free_data(servers);
  return (several ? "the name servers " : "the name server ") + list;
}

}  // namespace warmgate::net
