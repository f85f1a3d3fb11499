#include "transport/client_pool.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "transport/h1_client_connection.h"
#include "transport/h2_client_connection.h"

namespace warmgate::transport {

ClientPool::ClientPool(net::Loop& loop, const ClientLimits& limits, net::TlsClient* tls)
    : loop_(loop), limits_(limits), tls_(tls), spoken_(limits.protocol) {
  if (tls == nullptr && spoken_ == ClientProtocol::automatic) spoken_ = ClientProtocol::http1;
}

ClientPool::~ClientPool() = default;

void ClientPool::Graveyard::run() {
  pool_.dead_.clear();
  pool_.opened_.clear();
}

void ClientPool::set_addresses(std::vector<net::Address> addresses) {
  if (addresses == addresses_) return;
  addresses_ = std::move(addresses);
  preferred_ = 0;
  for (Connections* connections : {&idle_, &busy_, &h2_}) {
    for (auto it = connections->begin(); it != connections->end();) {
      ClientConnection& connection = **it++;
      const bool known = std::ranges::find(addresses_, connection.peer()) != addresses_.end();
      if (!known) connection.retire();
    }
  }
}

ClientTransaction& ClientPool::begin(ClientHandler& handler, Need need) {
  if (idle_.empty()) [[unlikely]]
    return begin_elsewhere(handler, need);
  busy_.splice(busy_.begin(), idle_, idle_.begin());
  auto& connection = static_cast<H1ClientConnection&>(*busy_.front());
  if (connection.served_) ++stats_.reused;
  connection.begin(handler);
  return connection;
}

ClientTransaction& ClientPool::begin_elsewhere(ClientHandler& handler, Need need) {
  H2ClientConnection* const connection = need == Need::any ? h2_with_room() : nullptr;
  if (connection != nullptr) return connection->begin(handler);
  return PendingTransaction::add(opening_with_room(need).waiting, handler);
}

H2ClientConnection* ClientPool::h2_with_room() const {
  for (const auto& connection : h2_) {
    auto& its = static_cast<H2ClientConnection&>(*connection);
    if (its.room() > 0) return &its;
  }
  return nullptr;
}

size_t ClientPool::idle() const {
  return idle_.size() + static_cast<size_t>(std::ranges::count_if(h2_, [](const auto& each) {
           return static_cast<const H2ClientConnection&>(*each).idle();
         }));
}

// ---- opening ----

// How many more may wait for it. All may where the protocol is not known yet: where that turns out
// to be HTTP/1, all but one go on to a connection of their own.
size_t ClientPool::room_of(const Opening& opening) const {
  const bool shared = opening.need == Need::any && spoken_ != ClientProtocol::http1;
  const size_t most = !shared                                ? 1
                      : spoken_ == ClientProtocol::automatic ? SIZE_MAX
                                                             : limits_.h2.max_streams;
  return most - std::min(most, opening.waiting.size());
}

ClientPool::Opening& ClientPool::opening_with_room(Need need) {
  for (Opening& opening : openings_) {
    if (opening.need == need && room_of(opening) > 0) return opening;
  }
  return open(need);
}

ClientPool::Opening& ClientPool::open(Need need) {
  Connector::Way way{addresses_, preferred_, limits_.connect_timeout, tls_, net::TlsOffer::http1};
  if (need == Need::any && limits_.protocol == ClientProtocol::automatic) {
    way.offer = net::TlsOffer::h2_or_http1;
  } else if (limits_.protocol == ClientProtocol::h2) {
    WG_ASSERT(need == Need::any, "who asks for an upgrade knows that this pool has none");
    way.offer = net::TlsOffer::h2;
  }
  return openings_.emplace_back(loop_, *this, std::move(way), need);
}

// The opening of this connector is over.
ClientPool::Opening& ClientPool::bury(Connector& connector) {
  const auto over = std::ranges::find_if(
      openings_, [&connector](const Opening& each) { return &each.connector == &connector; });
  WG_ASSERT(over != openings_.end(), "a connector belongs to an opening");
  opened_.splice(opened_.end(), openings_, over);
  loop_.defer(graveyard_);
  return opened_.back();
}

void ClientPool::on_open(Connector& connector, std::unique_ptr<net::Stream> stream) {
  Opening& opening = bury(connector);
  ++stats_.opened;
  note_problem({});
  prefer(stream->peer());
  const bool h2 =
      tls_ == nullptr ? limits_.protocol == ClientProtocol::h2 : stream->protocol() == "h2";
  if (opening.need == Need::any) spoken_ = h2 ? ClientProtocol::h2 : ClientProtocol::http1;
  if (h2) {
    speak_h2(std::move(stream), opening);
  } else {
    speak_h1(std::move(stream), opening);
  }
  // Who found no room there.
  while (!opening.waiting.empty()) {
    PendingTransaction::move(opening.waiting, opening_with_room(opening.need).waiting);
  }
  if (const uint32_t ahead = std::exchange(ahead_, 0); ahead > 0) preconnect(ahead);
}

void ClientPool::speak_h1(std::unique_ptr<net::Stream> stream, Opening& opening) {
  busy_.push_front(std::make_unique<H1ClientConnection>(*this, std::move(stream)));
  auto& connection = static_cast<H1ClientConnection&>(*busy_.front());
  connection.self_ = busy_.begin();
  if (opening.waiting.empty()) return connection.rest();
  const auto first = std::move(opening.waiting.front());
  opening.waiting.pop_front();
  connection.begin(first->handler());
  first->hand_over(connection);
}

void ClientPool::speak_h2(std::unique_ptr<net::Stream> stream, Opening& opening) {
  ++stats_.opened_h2;
  h2_.push_back(std::make_unique<H2ClientConnection>(*this, std::move(stream)));
  auto& connection = static_cast<H2ClientConnection&>(*h2_.back());
  connection.self_ = std::prev(h2_.end());
  while (!opening.waiting.empty() && connection.room() > 0) {
    const auto first = std::move(opening.waiting.front());
    opening.waiting.pop_front();
    first->hand_over(connection.begin(first->handler()));
  }
}

void ClientPool::on_not_open(Connector& connector, ConnectProblem problem) {
  Opening& opening = bury(connector);
  ++stats_.failed;
  ahead_ = 0;
  note_problem(problem.detail);
  const FailureKind kind =
      problem.timed_out ? FailureKind::connect_timed_out : FailureKind::connect_failed;
  while (!opening.waiting.empty()) {
    const auto first = std::move(opening.waiting.front());
    opening.waiting.pop_front();
    first->handler().on_failed({kind, false, false, problem.detail});
  }
}

void ClientPool::preconnect(uint32_t count) {
  const uint32_t wanted = std::min(count, limits_.max_idle);
  size_t have = idle_.size();
  for (const auto& connection : h2_) {
    have += static_cast<const H2ClientConnection&>(*connection).room();
  }
  for (const Opening& opening : openings_) {
    if (opening.need == Need::any)
      have += std::min<size_t>(room_of(opening), limits_.h2.max_streams);
  }
  for (; have < wanted; have += room_of(openings_.back())) {
    open(Need::any);
    if (spoken_ != ClientProtocol::automatic) continue;
    ahead_ = wanted;
    return;
  }
}

void ClientPool::note_problem(const std::string& problem) {
  if (problem == connect_problem_) return;
  connect_problem_ = problem;
  if (on_problem_) on_problem_();
}

void ClientPool::prefer(const net::Address& address) {
  const auto found = std::find(addresses_.begin(), addresses_.end(), address);
  if (found != addresses_.end()) preferred_ = static_cast<size_t>(found - addresses_.begin());
}

// ---- idle, and over ----

void ClientPool::make_idle(Connections::iterator connection) {
  idle_.splice(idle_.begin(), busy_, connection);
  if (idle_.size() > limits_.max_idle) idle_.back()->retire();
}

void ClientPool::bury(Connections& from, Connections::iterator connection) {
  dead_.splice(dead_.begin(), from, connection);
  loop_.defer(graveyard_);
}

}  // namespace warmgate::transport
