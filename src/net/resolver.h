// Resolver: host names to addresses, without blocking. AresResolver asks the DNS; tests have one
// with a table.
//
// Thread.  On the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/address.h"

namespace warmgate::net {

inline constexpr size_t kMaxAddresses = 16;  // of one name; what the DNS says beyond is left out

struct Resolution {
  std::vector<Address> addresses;  // best first; at least one, at most kMaxAddresses, no duplicates
  Duration ttl{};                  // how long the DNS lets us believe it
};

class Resolver {
 public:
  // A look-up under way. Destruction cancels it: no callback follows.
  class Lookup {
   public:
    virtual ~Lookup() = default;
  };
  // Called once, never from within resolve(). May destroy its own Lookup.
  using Callback = std::function<void(Result<Resolution>)>;

  virtual ~Resolver() = default;  // the callbacks of what is still under way never come

  // An IPv4 or IPv6 address is its own answer. The error is one sentence for people.
  [[nodiscard]] virtual std::unique_ptr<Lookup> resolve(const std::string& host, uint16_t port,
                                                        Callback callback) = 0;
};

}  // namespace warmgate::net
