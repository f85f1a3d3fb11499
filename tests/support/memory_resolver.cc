#include "support/memory_resolver.h"

namespace warmgate::test {
namespace {

class Answer final : public net::Resolver::Lookup, public net::Deferred {
 public:
  Answer(Result<net::Resolution> result, net::Resolver::Callback callback)
      : result_(std::move(result)), callback_(std::move(callback)) {}
  void run() override {
    const auto callback = std::move(callback_);
    callback(std::move(result_));  // may destroy this
  }

 private:
  Result<net::Resolution> result_;
  net::Resolver::Callback callback_;
};

}  // namespace

void MemoryResolver::set(const std::string& host, std::vector<std::string> ips, Duration ttl) {
  table_[host] = {std::move(ips), ttl};
}

Result<net::Resolution> MemoryResolver::answer(const std::string& host, uint16_t port) const {
  if (auto numeric = net::Address::from_ip(host, port)) {
    return net::Resolution{{*numeric}, Duration::max()};
  }
  const auto found = table_.find(host);
  if (found == table_.end() || found->second.ips.empty()) {
    return Error{"cannot resolve '" + host + "': no such name"};
  }
  net::Resolution resolution{{}, found->second.ttl};
  for (const std::string& ip : found->second.ips) {
    resolution.addresses.push_back(*net::Address::from_ip(ip, port));
  }
  return resolution;
}

std::unique_ptr<net::Resolver::Lookup> MemoryResolver::resolve(const std::string& host,
                                                               uint16_t port, Callback callback) {
  ++lookups_;
  auto lookup = std::make_unique<Answer>(answer(host, port), std::move(callback));
  if (!silent_) loop_.defer(*lookup);
  return lookup;
}

}  // namespace warmgate::test
