#include "transport/server.h"

#include <utility>

#include "transport/h1_server_connection.h"
#include "transport/h2_server_connection.h"

namespace warmgate::transport {

Server::Server(net::Loop& loop, Application& application, const ServerLimits& limits)
    : loop_(loop),
      application_(application),
      limits_(limits),
      crew_(std::make_shared<Crew>(*this)) {}

Server::~Server() = default;

void Server::Graveyard::run() {
  server_.dead_.clear();
}

void Server::share_with(const std::vector<Server*>& helpers) {
  helpers_ = helpers;
  for (Server* helper : helpers_) helper->crew_ = crew_;
}

Status Server::listen(const net::Address& address, Security security) {
  auto listener = loop_.listen(address, [this, security](std::unique_ptr<net::Stream> stream) {
    hand_out(std::move(stream), security);
  });
  if (!listener) return listener.error();
  listeners_.push_back(std::move(*listener));
  return success();
}

// ---- connections, and who takes them ----

void Server::hand_out(std::unique_ptr<net::Stream> stream, Security security) {
  Server* least = this;
  for (Server* helper : helpers_) {
    if (helper->held_.load() < least->held_.load()) least = helper;
  }
  ++least->held_;
  if (++crew_->connections >= limits_.max_connections) pause();
  if (least == this) return take(std::move(stream), security);
  stream->move_to(least->loop_);
  // A std::function can be copied; the stream cannot.
  auto carried = std::make_shared<std::unique_ptr<net::Stream>>(std::move(stream));
  least->loop_.post([least, carried, security] { least->take(std::move(*carried), security); });
}

void Server::take(std::unique_ptr<net::Stream> stream, Security security) {
  if (draining_) return count_ended();  // it was still on its way
  if (security == Security::tls) stream = tls_->wrap(std::move(stream));
  ++stats_.connections;
  add(std::make_unique<H1ServerConnection>(*this, std::move(stream)));
}

void Server::accept(std::unique_ptr<net::Stream> stream) {
  ++held_;
  ++crew_->connections;
  take(std::move(stream), Security::clear);
}

// The lead's listeners pause at the bound and go on below it. Both follow from the same number, so
// that the word to go on can only come after the pause that it ends.
void Server::count_ended() {
  --held_;
  if (crew_->connections-- != limits_.max_connections) return;
  Server& lead = crew_->lead;
  if (&lead == this) return resume();
  lead.loop_.post([&lead] { lead.resume(); });
}

void Server::pause() {
  for (auto& listener : listeners_) listener->pause();
}

// Unless the room is taken again.
void Server::resume() {
  if (crew_->connections >= limits_.max_connections) return;
  for (auto& listener : listeners_) listener->resume();
}

void Server::add(std::unique_ptr<ServerConnection> connection) {
  connections_.push_front(std::move(connection));
  connections_.front()->self_ = connections_.begin();
}

void Server::speak_h2(std::unique_ptr<net::Stream> stream, std::string_view begun) {
  ++stats_.h2_connections;
  ++held_;  // what it was ends within this call
  ++crew_->connections;
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
  count_ended();
}

}  // namespace warmgate::transport
