// Getter: asks one local address for small documents, such as a status page.
//
// Bounds.  One request at a time; a document is at most kMaxDocument, an answer takes at most
//          kPatience.
// Thread.  All on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "transport/client_pool.h"

namespace warmgate::demo {

class Getter {
 public:
  // The body of a 2xx answer; nullopt when none came. Never called from within get().
  using Callback = std::function<void(std::optional<std::string>)>;

  Getter(net::Loop& loop, const net::Address& address);
  ~Getter();

  void get(const std::string& path, Callback callback);
  bool busy() const { return exchange_ != nullptr; }

 private:
  static constexpr Duration kPatience = 2s;
  static constexpr size_t kMaxDocument = size_t{1} << 20;
  class Exchange;

  void finish(std::optional<std::string> document);

  net::Loop& loop_;
  std::string authority_;
  transport::ClientPool pool_;
  Callback callback_;
  std::unique_ptr<Exchange> exchange_;
};

}  // namespace warmgate::demo
