#include "transport/server.h"

#include <utility>

#include "transport/h1_server_connection.h"
#include "transport/h2_server_connection.h"

namespace warmgate::transport {

Server::Server(net::Loop& loop, Application& application, const ServerLimits& limits)
    : loop_(loop), application_(application), limits_(limits) {}

Server::~Server() = default;

void Server::Graveyard::run() {
  server_.dead_.clear();
}

Status Server::listen(const net::Address& address, net::TlsServer* tls) {
  auto listener = loop_.listen(address, [this, tls](std::unique_ptr<net::Stream> stream) {
    accept(tls == nullptr ? std::move(stream) : tls->wrap(std::move(stream)));
  });
  if (!listener) return listener.error();
  listeners_.push_back(std::move(*listener));
  return success();
}

void Server::accept(std::unique_ptr<net::Stream> stream) {
  ++stats_.connections;
  add(std::make_unique<H1ServerConnection>(*this, std::move(stream)));
}

void Server::add(std::unique_ptr<ServerConnection> connection) {
  connections_.push_front(std::move(connection));
  connections_.front()->self_ = connections_.begin();
  if (connections_.size() < limits_.max_connections) return;
  for (auto& listener : listeners_) listener->pause();
}

void Server::speak_h2(std::unique_ptr<net::Stream> stream, std::string_view begun) {
  ++stats_.h2_connections;
  auto made = std::make_unique<H2ServerConnection>(*this, *stream);
  H2ServerConnection& connection = *made;
  add(std::move(made));
  connection.begin(std::move(stream), begun);
}

void Server::drain() {
  draining_ = true;
  listeners_.clear();
  for (auto it = connections_.begin(); it != connections_.end();) (it++)->get()->drain();
}

void Server::bury(Connections::iterator connection) {
  dead_.splice(dead_.begin(), connections_, connection);
  loop_.defer(graveyard_);
  for (auto& listener : listeners_) listener->resume();
}

}  // namespace warmgate::transport
