// Router: which service a request belongs to. Pure; no I/O.
//
// Order.   The most specific match wins: an exact host over the longest "*.suffix" over none; then
//          the longest path prefix; then the larger number of headers; then the order in the file.
// Hosts.   Compared without regard to case, without port and without a final dot. "*.b.example"
//          matches a.b.example and x.a.b.example, not b.example.
// Paths.   Compared as the bytes of the request target up to '?'. Nothing is decoded, merged or
//          resolved ("%2e", "//", "/../"), and the backend gets the same bytes. "/v2" matches
//          "/v2" and "/v2/x", not "/v2x". Routing is no access control.
// Thread.  Immutable after construction. It points into the Config, which must outlive it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace warmgate::config {

// Gives the value of a request's field by lower-case name; nullopt when it has none.
using HeaderLookup = std::function<std::optional<std::string_view>(std::string_view name)>;

class Router {
 public:
  explicit Router(const Config& config);

  // `host` is the Host field or the authority of the target, with or without port; "" when the
  // request has none. `target` is a path, with or without query. nullptr when no service matches.
  const Service* match(std::string_view host, std::string_view target,
                       const HeaderLookup& header) const;

 private:
  // One host and one path of a service's match; a service has their product.
  struct Candidate {
    std::string suffix;  // of the host, with its leading dot; empty = every host
    std::string path;    // empty = every path
    const Service* service = nullptr;
  };
  struct LessIgnoringCase {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };

  static bool more_specific(const Candidate& a, const Candidate& b);
  static const Service* first_match(const std::vector<Candidate>& candidates, std::string_view host,
                                    std::string_view target, const HeaderLookup& header);

  // Each list is in order, the most specific candidate first.
  std::map<std::string, std::vector<Candidate>, LessIgnoringCase> by_exact_host_;
  std::vector<Candidate> others_;
};

// Is `prefix` a prefix of the path in `target`, ending where a segment ends? "" matches all.
bool path_matches(std::string_view prefix, std::string_view target);

struct RouteTraits {
  bool heavy = false;
  bool repeatable = true;
  bool gather_body = true;
  policy::Priority priority = policy::Priority::high;
};

// What holds for a request of `service` with this target.
RouteTraits route_traits(const Service& service, std::string_view target);

}  // namespace warmgate::config
