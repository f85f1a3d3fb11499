#include "transport/connector.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace warmgate::transport {

Connector::Connector(net::Loop& loop, Owner& owner, Way way)
    : loop_(loop), owner_(owner), way_(std::move(way)), timer_(loop.timers(), [this] {
        note_failure(ETIMEDOUT);
        try_next();
      }) {
  try_next();
}

Connector::~Connector() = default;

// That there is nothing left to try is told in run(), never from within the constructor.
void Connector::try_next() {
  while (tried_ < way_.addresses.size()) {
    const size_t index = (way_.first + tried_++) % way_.addresses.size();
    auto stream = loop_.connect(way_.addresses[index]);
    if (!stream) {
      problem_ = {false, stream.error().message};
      continue;
    }
    stream_ =
        way_.tls == nullptr ? std::move(*stream) : way_.tls->wrap(std::move(*stream), way_.offer);
    stream_->observe(this);
    timer_.arm_after(way_.limit);
    return;
  }
  stream_.reset();
  timer_.disarm();
  loop_.defer(*this);
}

void Connector::on_connected(int error) {
  if (error != 0) {
    note_failure(error);
    return try_next();
  }
  if (way_.only_h2() && stream_->protocol() != "h2") {
    problem_ = {false, "it does not agree to HTTP/2 by ALPN; set protocol: auto or http1"};
    return try_next();
  }
  timer_.disarm();
  owner_.on_open(*this, std::move(stream_));
}

void Connector::note_failure(int error) {
  problem_ = {error == ETIMEDOUT, stream_->problem()};
  if (problem_.detail.empty()) problem_.detail = std::strerror(error);
  const bool no_h2 = problem_.detail.find("no application protocol") != std::string::npos;
  if (way_.only_h2() && no_h2) problem_.detail += "; set protocol: auto or http1";
}

void Connector::run() {
  owner_.on_not_open(*this, std::move(problem_));
}

}  // namespace warmgate::transport
