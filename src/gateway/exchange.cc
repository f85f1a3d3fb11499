#include "gateway/exchange.h"

#include <algorithm>

#include "base/pen.h"
#include "gateway/access_log.h"
#include "gateway/attempt.h"
#include "gateway/counters.h"
#include "gateway/evidence.h"
#include "gateway/service.h"
#include "gateway/stream_request.h"
#include "http/grpc.h"

namespace warmgate::gateway {

using http::BodyLength;

// ---- arrive ----

Exchange::Exchange(Service& service, policy::RequestId id, const http::RequestHead& head,
                   transport::ServerTransaction& transaction)
    : service_(service),
      id_(id),
      transaction_(&transaction),
      arrived_at_(service.loop().now()),
      request_(store_request(head, transaction.peer_ip(), transaction.secure(), service.prng())),
      total_(service.loop().timers(), [this] { on_total_timeout(); }),
      here_at_(arrived_at_),
      body_expected_(head.framing == http::Framing::chunked || head.content_length > 0),
      body_complete_(!body_expected_),
      expects_continue_(head.expects_continue),
      answerer_(static_cast<uint8_t>(Answerer::gateway)) {
  transaction.set_handler(this);
  if (const Duration limit = service.config().timeouts.total; limit > Duration::zero()) {
    total_.arm_after(limit);
  }
  if (service.config().streams.heartbeat > Duration::zero()) watch_wait(head);
}

Exchange::~Exchange() {
  if (transaction_ != nullptr) transaction_->set_handler(nullptr);
}

bool Exchange::begin(const policy::RequestArrived& arrival, bool gather_body) {
  if (gather_body && gathers(arrival)) {
    gather(arrival);
    return false;
  }
  pace();
  return true;
}

// ---- gather ----

inline bool Exchange::gathers(const policy::RequestArrived& arrival) const {
  if (!body_expected_ || (arrival.bytes_known && transaction_->holds_body(arrival.bytes))) {
    return false;
  }
  return service_.config().limits.replay_buffer > 0;
}

// The policy is told when the body is here, and at the latest when the batch of events is over that
// brought the head.
void Exchange::gather(const policy::RequestArrived& arrival) {
  gathering_ = std::make_unique<Gathering>(*this, arrival);
  if (!expects_continue_) pace();  // else it sends nothing before it is let in
  service_.loop().defer(*gathering_);
}

void Exchange::announce() {
  gathering_->announced = true;
  policy::RequestArrived arrival = gathering_->arrival;
  const uint32_t most = service_.config().limits.replay_buffer;
  const uint64_t declared = arrival.bytes_known ? arrival.bytes : most;
  arrival.gathers = static_cast<uint32_t>(std::min<uint64_t>(declared, most));
  service_.announce(arrival);  // may destroy this
}

// A client that asked for permission to send its body (100-continue) has it: what it asks for takes
// no slot until the body is here.
void Exchange::admitted() {
  expects_continue_ = false;
  pace();
}

// May it be sent, though its body has not ended? When no more of it can be kept; a gRPC call with
// its first message, since it may last.
bool Exchange::enough_to_send() const {
  return replay_.size() >= service_.config().limits.replay_buffer ||
         (request_.grpc && holds_message());
}

// May destroy this.
void Exchange::body_here() {
  const std::unique_ptr<Gathering> gathered = std::move(gathering_);
  here_at_ = service_.loop().now();
  if (gathered->announced) return service_.body_here(*this, body_bytes_);
  policy::RequestArrived arrival = gathered->arrival;
  if (!arrival.bytes_known) arrival.bytes = body_bytes_;
  arrival.bytes_known |= body_complete_;
  service_.announce(arrival);
}

// ---- the request body ----

// While nobody takes the body, it is kept up to the replay buffer's size. Where it is not gathered,
// a client that asked for permission (100-continue) gets it when an attempt begins.
bool Exchange::body_wanted() const {
  if (body_complete_) return false;
  if (attempts_.empty()) {
    return !expects_continue_ && replay_.size() < service_.config().limits.replay_buffer;
  }
  return std::none_of(attempts_.begin(), attempts_.end(),
                      [](const Attempt* attempt) { return attempt->full(); });
}

void Exchange::pace() {
  if (transaction_ == nullptr || over_) return;
  const bool wanted = body_wanted();
  if (wanted == reading_) return;
  reading_ = wanted;
  if (wanted) {
    transaction_->read_body();
  } else {
    transaction_->pause_body();
  }
}

void Exchange::on_body(std::string_view piece) {
  body_bytes_ += piece.size();
  if (body_bytes_ > service_.config().limits.max_body && !tunnel_) return refuse_size();
  // One piece more than the buffer holds is kept when nobody takes it yet: it is here already.
  const uint64_t most = service_.config().limits.replay_buffer;
  const bool overflows =
      !replay_lost_ && replay_.size() + piece.size() > most && !attempts_.empty();
  if (!replay_lost_ && !overflows) {
    // Room for all of it at once, since a growing string would copy a large body several times; but
    // not for the word of a client that sends in drips.
    const uint64_t all = std::min(request_.length.bytes, most);
    if (replay_.empty() && all <= kMostAhead * piece.size()) replay_.reserve(all);
    replay_.append(piece);
  }
  for (Attempt* attempt : attempts_) attempt->send_body(piece);
  pace();
  if (gathering_ != nullptr) {
    if (enough_to_send()) body_here();  // may destroy this
    return;
  }
  const bool lost = overflows || (request_.grpc && !attempts_.empty() && several_messages());
  if (lost) lose_replay();  // last: the policy may have something to say
}

bool Exchange::holds_message() const {
  const auto first = http::read_grpc_frame(replay_);
  return first && replay_.size() >= http::kGrpcFrameBytes + first->length;
}

bool Exchange::several_messages() const {
  if (replay_lost_) return false;
  const auto first = http::read_grpc_frame(replay_);
  return first && replay_.size() > http::kGrpcFrameBytes + first->length;
}

void Exchange::on_request_end(std::span<const http::Field> trailers) {
  body_complete_ = true;
  if (tunnel_) {
    if (chosen_->backend_ended()) end_tunnel();
    return chosen_->end_tunnel_input();  // may destroy this
  }
  size_t bytes = 0;
  for (const http::Field& field : trailers) bytes += field.name.size() + field.value.size();
  if (bytes > 0) trailer_store_.reserve(bytes, trailers.size());
  for (const http::Field& field : trailers) trailer_store_.add(field);
  for (Attempt* attempt : attempts_) attempt->send_end(trailer_store_.span());
  if (gathering_ != nullptr) body_here();  // may destroy this
}

void Exchange::lose_replay() {
  replay_lost_ = true;
  std::string().swap(replay_);
  service_.replay_lost(*this);
}

void Exchange::refuse_size() {
  ++service_.counters().body_too_large;
  withdraw();
  answer_problem(413, "body-too-large", "The request body is larger than this service accepts.",
                 Duration::zero());
}

// ---- attempts ----

void Exchange::attempt_started(Attempt& attempt) {
  attempts_.push_back(&attempt);
  ++attempts_made_;
  if (first_attempt_at_ == kNever) first_attempt_at_ = attempt.started_at();
  if (!replay_.empty()) attempt.send_body(replay_);
  if (body_complete_) attempt.send_end(trailer_store_.span());
  pace();
  if (request_.grpc && several_messages()) [[unlikely]]
    lose_replay();
}

void Exchange::attempt_ended(Attempt& attempt) {
  attempts_.erase(&attempt);
  if (chosen_ == &attempt) chosen_ = nullptr;
  pace();
}

// ---- respond ----

// For people with a browser's developer tools, and for whoever looks for the slow part.
void Exchange::put_server_timing(Pen& pen) const {
  const auto micros = [](Duration d) { return static_cast<uint64_t>(d / 1us); };
  const Instant sent = chosen_->started_at();
  if (here_at_ > arrived_at_) {
    pen.put("body;dur=");
    pen.put_decimal<3>(micros(here_at_ - arrived_at_));
    pen.put(", ");
  }
  pen.put("queue;dur=");
  pen.put_decimal<3>(micros(sent - here_at_));
  pen.put(", upstream;dur=");
  pen.put_decimal<3>(micros(head_at_ - sent));
}

void Exchange::respond(Attempt& attempt, uint16_t status, http::Fields& fields, BodyLength length) {
  chosen_ = &attempt;
  head_at_ = service_.loop().now();
  status_ = status;
  reason_ = policy::name(attempt.reason());
  answerer_ = static_cast<uint8_t>(attempt.pool());
  char room[Pen::kNumber + 3 * Pen::kDecimal + 48];
  Pen pen(room);
  pen.put_number(attempts_made_);
  const char* const timing = pen.at();
  put_server_timing(pen);
  fields.push({"via", attempt.via()});
  fields.push({kPoolField, policy::name(attempt.pool())});
  fields.push({kReasonField, reason_});
  fields.push({kAttemptsField, {room, timing}});
  fields.push({"server-timing", {timing, pen.at()}});
  if (attempt.switches()) {
    begin_tunnel(fields.span());
  } else if (promised()) {
    respond_as_promised(status, fields);
  } else {
    transaction_->send_head(status, fields.span(), length);
  }
  // Nothing can be repeated any more.
  if (!replay_lost_) {
    replay_lost_ = true;
    std::string().swap(replay_);
  }
}

bool Exchange::forward(std::string_view piece) {
  if (transaction_ == nullptr) return true;  // its client has been told of an error
  response_bytes_ += piece.size();
  return transaction_->send_body(piece);
}

void Exchange::on_writable() {
  if (chosen_ != nullptr) chosen_->resume_body();
}

void Exchange::complete(std::span<const http::Field> trailers) {
  if (transaction_ != nullptr) std::exchange(transaction_, nullptr)->send_end(trailers);
  over_ = true;
}

void Exchange::break_off() {
  over_ = true;
  if (transaction_ == nullptr) return;
  ++service_.counters().broken_off;
  std::exchange(transaction_, nullptr)->abort();
}

// ---- an event stream, promised while its client waits ----

void Exchange::watch_wait(const http::RequestHead& head) {
  const config::Streams& streams = service_.config().streams;
  const bool by_accept = accepts_event_stream(head.fields);
  const bool perhaps =
      by_accept || (streams.asked_by == config::StreamAsked::body && body_expected_);
  if (!perhaps || request_.head_method || !request_.upgrade.empty()) return;
  waiting_ = std::make_unique<Waiting>(service_.loop().timers(), [this] { beat(); });
  waiting_->by_accept = by_accept;
  waiting_->timer.arm_after(streams.heartbeat);
}

// While nothing is there to pass on. A body that is not here yet, or not whole, is waited for: it
// may say whether a stream is wanted, and HTTP/1 may need the connection's end for the rest of it.
void Exchange::beat() {
  if (head_at_ != kNever || transaction_ == nullptr) return;
  if (!waiting_->promised && body_complete_) {
    const bool asked = waiting_->by_accept || (!replay_lost_ && body_asks_for_stream(replay_));
    if (!asked) return;
    waiting_->promised = true;
    ++service_.counters().streams_promised;
    promise_stream(*transaction_);
  }
  if (waiting_->promised) send_heartbeat(*transaction_);
  waiting_->timer.arm_after(service_.config().streams.heartbeat);
}

// The events go on behind the comments. Any other answer is an error now: what is left of it is
// read and thrown away.
void Exchange::respond_as_promised(uint16_t status, const http::Fields& fields) {
  if (status >= 200 && status < 300 && is_event_stream(fields)) {
    status_ = 200;
    return;
  }
  ++service_.counters().errors_in_band;
  const std::string detail =
      "The backend answered with status " + std::to_string(status) + " and without a stream.";
  if (status_ < 400) status_ = 502;
  transaction_->set_handler(nullptr);
  response_bytes_ +=
      send_problem_event(*std::exchange(transaction_, nullptr),
                         local_reply(status_, "no-stream", detail, Duration::zero()));
}

// ---- a tunnel ----

// From now on the bodies of both directions are the bytes of another protocol.
void Exchange::begin_tunnel(std::span<const http::Field> fields) {
  tunnel_ = true;
  body_complete_ = false;
  total_.disarm();
  ++service_.counters().tunnels_open;
  transaction_->switch_protocols(request_.upgrade, fields);
  pace();
}

bool Exchange::end_tunnel_output() {
  transaction_->send_end();
  if (body_complete_) end_tunnel();
  return over_;
}

// Both directions have ended.
void Exchange::end_tunnel() {
  transaction_ = nullptr;
  over_ = true;
}

void Exchange::abandon_tunnel() {
  ++service_.counters().tunnels_idle;
  std::exchange(transaction_, nullptr)->abort();
  over_ = true;
}

void Exchange::cut_tunnel() {
  break_off();
  withdraw();
  finish();
}

// ---- rejected, or gone ----

void Exchange::reject(const policy::Reject& reject) {
  if (withdrawn_) return;  // before this could be known
  answer_problem(reject.status, policy::name(reject.reason), describe(reject.reason, last_failure_),
                 reject.retry_after);
}

Instant Exchange::here_at() const {
  return gathering_ != nullptr ? service_.loop().now() : here_at_;
}

// The gateway's own answer; destroys this.
void Exchange::answer_problem(uint16_t status, std::string_view reason, std::string_view detail,
                              Duration retry_after) {
  status_ = status;
  reason_ = reason;
  answerer_ = static_cast<uint8_t>(Answerer::gateway);
  const LocalReply reply = local_reply(status, reason, detail, retry_after);
  transaction_->set_handler(nullptr);
  transport::ServerTransaction& transaction = *std::exchange(transaction_, nullptr);
  if (promised()) {
    ++service_.counters().errors_in_band;
    response_bytes_ = send_problem_event(transaction, reply);
  } else {
    response_bytes_ =
        send_problem(transaction, reply, service_.loop().wall_seconds(), request_.head_method);
  }
  finish();
}

LocalReply Exchange::local_reply(uint16_t status, std::string_view reason, std::string_view detail,
                                 Duration retry_after) const {
  return {status,       reason,         detail,
          retry_after,  attempts_made_, service_.loop().now() - here_at(),
          request_.grpc};
}

void Exchange::on_total_timeout() {
  ++service_.counters().total_timeouts;
  if (head_at_ != kNever) {
    break_off();
    withdraw();
    return finish();
  }
  const uint16_t status = gathering_ != nullptr ? 408 : 504;
  withdraw();
  answer_problem(status, "total-timeout", "The request took longer than its total time limit.",
                 Duration::zero());
}

void Exchange::on_gone() {
  transaction_ = nullptr;
  over_ = true;
  if (status_ == 0) reason_ = "client-gone";
  ++service_.counters().client_gone;
  withdraw();
  finish();
}

// Tells the policy that this request needs nothing any more; its attempts are cancelled.
void Exchange::withdraw() {
  withdrawn_ = true;
  if (gathering_ == nullptr || gathering_->announced) service_.request_gone(*this);
}

void Exchange::finish() {
  over_ = true;
  const Instant now = service_.loop().now();
  AccessRecord record;
  record.method = request_.method;
  record.target = request_.target;
  record.user_agent = request_.user_agent;
  record.trace = request_.trace;
  record.version = request_.version;
  record.reason = reason_;
  record.client_ip = request_.client_ip;
  record.answerer = static_cast<Answerer>(answerer_);
  if (tunnel_) record.upgrade = request_.upgrade;
  record.status = status_;
  record.attempts = attempts_made_;
  record.request_bytes = body_bytes_;
  record.response_bytes = response_bytes_;
  record.latency = now - arrived_at_;
  const Instant here = here_at();
  record.body = here - arrived_at_;
  record.answered = (tunnel_ ? head_at_ : now) - here;
  record.queued = (first_attempt_at_ == kNever ? now : first_attempt_at_) - here;
  service_.exchange_over(*this, record);
}

}  // namespace warmgate::gateway
