#include "transport/client_pool.h"

#include <algorithm>

#include "transport/h1_client_connection.h"

namespace warmgate::transport {

ClientPool::ClientPool(net::Loop& loop, const ClientLimits& limits, net::TlsClient* tls)
    : loop_(loop), limits_(limits), tls_(tls) {}

ClientPool::~ClientPool() = default;

void ClientPool::Graveyard::run() {
  pool_.dead_.clear();
}

void ClientPool::set_addresses(std::vector<net::Address> addresses) {
  if (addresses == addresses_) return;
  addresses_ = std::move(addresses);
  preferred_ = 0;
  for (auto it = idle_.begin(); it != idle_.end();) {
    H1ClientConnection& connection = **it++;
    const auto peer = connection.stream_->peer();
    if (std::find(addresses_.begin(), addresses_.end(), peer) == addresses_.end()) {
      connection.close();
    }
  }
}

ClientTransaction& ClientPool::begin(ClientHandler& handler) {
  if (!idle_.empty()) {
    busy_.splice(busy_.begin(), idle_, idle_.begin());
    if (busy_.front()->served_) ++stats_.reused;
  } else {
    open();
  }
  busy_.front()->begin(handler);
  return *busy_.front();
}

Result<std::unique_ptr<net::Stream>> ClientPool::connect(const net::Address& address) {
  auto stream = loop_.connect(address);
  if (!stream || tls_ == nullptr) return stream;
  return tls_->wrap(std::move(*stream));
}

void ClientPool::note_problem(const std::string& problem) {
  if (problem == connect_problem_) return;
  connect_problem_ = problem;
  if (on_problem_) on_problem_();
}

H1ClientConnection& ClientPool::open() {
  busy_.push_front(std::make_unique<H1ClientConnection>(*this));
  busy_.front()->self_ = busy_.begin();
  busy_.front()->connect_next();
  return *busy_.front();
}

void ClientPool::preconnect(uint32_t count) {
  const auto opening = std::count_if(busy_.begin(), busy_.end(), [](const auto& connection) {
    return connection->handler_ == nullptr &&
           connection->phase_ == H1ClientConnection::Phase::connecting;
  });
  const size_t wanted = std::min(count, limits_.max_idle);
  for (size_t have = idle_.size() + static_cast<size_t>(opening); have < wanted; ++have) open();
}

void ClientPool::prefer(const net::Address& address) {
  const auto found = std::find(addresses_.begin(), addresses_.end(), address);
  if (found != addresses_.end()) preferred_ = static_cast<size_t>(found - addresses_.begin());
}

void ClientPool::make_idle(Connections::iterator connection) {
  idle_.splice(idle_.begin(), busy_, connection);
  if (idle_.size() > limits_.max_idle) idle_.back()->close();
}

void ClientPool::bury(Connections& from, Connections::iterator connection) {
  dead_.splice(dead_.begin(), from, connection);
  loop_.defer(graveyard_);
}

}  // namespace warmgate::transport
