// SimpleServer: for services whose requests and answers are small and whole, such as the model
// server, the admin endpoints and status pages. Streaming applications implement Application.
//
// Bounds.  A body above `max_body` is answered with 413 and not kept.
// Thread.  All on the loop's thread; a Responder may be kept and answered later, there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "transport/server.h"

namespace warmgate::transport {

struct SimpleRequest {
  std::string method;
  std::string target;  // path and query as sent
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // The first field of that name, without regard to case.
  std::optional<std::string_view> field(std::string_view name) const;
};

struct SimpleResponse {
  uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;  // further ones
};

// Answers one request, once; a second answer and an answer to a client that left are ignored. A
// request whose Responders are all destroyed without an answer is answered with 500.
class Responder {
 public:
  void operator()(SimpleResponse response) const;

 private:
  friend class SimpleExchange;
  explicit Responder(std::shared_ptr<class SimpleExchange> exchange)
      : exchange_(std::move(exchange)) {}
  std::shared_ptr<class SimpleExchange> exchange_;
};

using SimpleHandler = std::function<void(SimpleRequest, Responder)>;

class SimpleServer final : public Application {
 public:
  SimpleServer(net::Loop& loop, SimpleHandler handler, const ServerLimits& limits,
               uint64_t max_body);
  ~SimpleServer() override;  // Responders that are left over answer nobody

  Status listen(const net::Address& address) { return server_.listen(address); }
  net::Address address() const { return server_.address(); }
  void drain() { server_.drain(); }
  size_t connections() const { return server_.connections(); }

  void on_request(const http::RequestHead& head, ServerTransaction& transaction) override;

 private:
  friend class SimpleExchange;
  SimpleHandler handler_;
  uint64_t max_body_;
  std::set<SimpleExchange*> open_;  // not answered yet
  Server server_;
};

}  // namespace warmgate::transport
