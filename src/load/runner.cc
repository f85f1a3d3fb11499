#include "load/runner.h"

#include <algorithm>

namespace warmgate::load {
namespace {

constexpr size_t kPiece = 64 * 1024;  // of a body, between two looks at the back-pressure

transport::ClientLimits client_limits(const RunnerSettings& settings) {
  transport::ClientLimits limits;
  limits.connect_timeout = settings.timeout;
  limits.max_idle = settings.max_connections;
  return limits;
}

std::string text_of(const http::Fields& fields, std::string_view name) {
  const http::Field* field = fields.find(name);
  return field == nullptr ? "" : std::string(field->value);
}

}  // namespace

// One request on its way.
class Runner::Call final : public transport::ClientHandler {
 public:
  Call(Runner& runner, Duration intended, const Payload* payload)
      : runner_(runner),
        payload_(payload),
        timeout_(runner.loop_.timers(), [this] { end(Ending::timed_out); }) {
    outcome_.intended = intended;
    outcome_.lag = runner.elapsed() - intended;
  }

  void start(Calls::iterator self) {
    self_ = self;
    timeout_.arm(runner_.started_ + outcome_.intended + runner_.settings_.timeout);
    transaction_ = &runner_.pool_.begin(*this);
    const auto& settings = runner_.settings_;
    transaction_->send_head({settings.method, settings.path, settings.authority, runner_.fields_,
                             payload_ == nullptr ? http::BodyLength::none()
                                                 : http::BodyLength::of(payload_->body.size())});
    send_more();
  }

  void abandon() { end(Ending::abandoned); }

 private:
  void send_more() {
    const std::string_view body = payload_ == nullptr ? std::string_view() : payload_->body;
    bool flows = true;
    while (flows && body_sent_ < body.size()) {
      const std::string_view piece = body.substr(body_sent_, kPiece);
      body_sent_ += piece.size();
      flows = transaction_->send_body(piece);
    }
    if (body_sent_ == body.size() && !std::exchange(end_sent_, true)) transaction_->send_end();
  }

  void on_connected(transport::ClientTransaction& transaction) override {
    transaction_ = &transaction;
  }
  void on_interim(const http::ResponseHead&) override {}
  void on_writable() override { send_more(); }

  void on_response(const http::ResponseHead& head) override {
    outcome_.status = head.status;
    pool_ = text_of(head.fields, "warmgate-pool");
    reason_ = text_of(head.fields, "warmgate-reason");
    outcome_.instance_age = parse_instance_age(text_of(head.fields, "warmgate-instance"));
  }

  void on_body(std::string_view piece) override {
    if (!wants_check()) return;
    answer_.append(piece.substr(0, kMaxAnswer - answer_.size()));
  }

  void on_response_end(std::span<const http::Field>) override {
    transaction_ = nullptr;
    if (wants_check()) outcome_.check = check_answer(answer_, *payload_);
    end(outcome_.check.right ? ending_of(outcome_.status) : Ending::wrong);
  }

  void on_failed(const transport::Failure& failure) override {
    transaction_ = nullptr;
    const bool no_connection = failure.kind == transport::FailureKind::connect_failed ||
                               failure.kind == transport::FailureKind::connect_timed_out;
    end(no_connection ? Ending::connect_failed : Ending::broken);
  }

  bool wants_check() const {
    return payload_ != nullptr && !payload_->expected().empty() &&
           ending_of(outcome_.status) == Ending::ok;
  }

  // Destroys this.
  void end(Ending ending) {
    if (transaction_ != nullptr) std::exchange(transaction_, nullptr)->cancel();
    outcome_.ending = ending;
    outcome_.latency = runner_.elapsed() - outcome_.intended;
    outcome_.pool = pool_;
    outcome_.reason = reason_;
    runner_.finish(self_, outcome_);
  }

  Runner& runner_;
  const Payload* payload_;
  net::Timer timeout_;
  transport::ClientTransaction* transaction_ = nullptr;
  Calls::iterator self_;
  size_t body_sent_ = 0;
  bool end_sent_ = false;
  std::string pool_, reason_, answer_;
  Outcome outcome_;
};

Runner::Runner(net::Loop& loop, RunnerSettings settings, std::span<const Payload> payloads,
               Arrivals& arrivals, Callbacks callbacks)
    : loop_(loop),
      settings_(std::move(settings)),
      payloads_(payloads),
      arrivals_(arrivals),
      callbacks_(std::move(callbacks)),
      tls_(settings_.tls
               ? std::make_optional<net::TlsClient>(loop, *settings_.tls, settings_.tls_name)
               : std::nullopt),
      pool_(loop, client_limits(settings_), tls_ ? &*tls_ : nullptr),
      next_send_(loop.timers(), [this] { send_what_is_due(); }),
      done_(loop.timers(), [this] {
        const auto on_done = callbacks_.on_done;  // a copy: it may destroy this
        on_done();
      }) {
  pool_.set_addresses(settings_.addresses);
  for (const auto& [name, value] : settings_.fields) {
    fields_.push_back({name, value, http::classify(name)});
  }
}

Runner::~Runner() = default;

void Runner::start() {
  started_ = loop_.now();
  next_ = arrivals_.next();
  send_what_is_due();
}

void Runner::send_what_is_due() {
  while (next_ && started_ + *next_ <= loop_.now()) {
    send(*next_);
    next_ = arrivals_.next();
  }
  if (next_) {
    next_send_.arm(started_ + *next_);
  } else {
    check_done();
  }
}

void Runner::send(Duration intended) {
  if (calls_.size() >= settings_.max_connections) {
    callbacks_.on_outcome({.intended = intended, .ending = Ending::not_sent});
    return;
  }
  const Payload* payload = nullptr;
  if (!payloads_.empty()) payload = &payloads_[next_payload_++ % payloads_.size()];
  ++sent_;
  calls_.push_front(std::make_unique<Call>(*this, intended, payload));
  calls_.front()->start(calls_.begin());
}

void Runner::finish(Calls::iterator call, const Outcome& outcome) {
  callbacks_.on_outcome(outcome);
  calls_.erase(call);
  check_done();
}

void Runner::check_done() {
  if (!next_ && calls_.empty()) done_.arm(loop_.now());
}

void Runner::stop_sending() {
  next_.reset();
  next_send_.disarm();
  check_done();
}

void Runner::abandon() {
  stop_sending();
  while (!calls_.empty()) calls_.front()->abandon();
}

}  // namespace warmgate::load
