// MemoryResolver: a Resolver with a table instead of the DNS.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/resolver.h"

namespace warmgate::test {

class MemoryResolver final : public net::Resolver {
 public:
  explicit MemoryResolver(net::Loop& loop) : loop_(loop) {}

  // Without addresses the name exists no more.
  void set(const std::string& host, std::vector<std::string> ips, Duration ttl = 30s);
  // Names are looked up for ever, until set to false; then later look-ups are answered again.
  void set_silent(bool silent) { silent_ = silent; }
  int lookups() const { return lookups_; }

  [[nodiscard]] std::unique_ptr<Lookup> resolve(const std::string& host, uint16_t port,
                                                Callback callback) override;

 private:
  struct Entry {
    std::vector<std::string> ips;
    Duration ttl{};
  };
  Result<net::Resolution> answer(const std::string& host, uint16_t port) const;

  net::Loop& loop_;
  std::map<std::string, Entry> table_;
  bool silent_ = false;
  int lookups_ = 0;
};

}  // namespace warmgate::test
