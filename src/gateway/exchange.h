// Exchange: one downstream request and its response.
//
// Phases of a request, in the order in which they are read in the .cc file:
//
//   arrive -> (gather) -> wait -> attempt(s) -> respond -> (tunnel) -> done
//        \_____________________________________________________ rejected, or the client is gone
//
// A body that is not here with its head is gathered, up to the replay buffer: only then may the
// policy begin an attempt. It is told of the request when the body is here, or at the end of the
// batch of events that brought the head, so that what comes in one piece takes one step.
//
// A client that asked for an event stream may be promised one while it waits (Waiting): from then
// on the status is 200, and an error is an event.
//
// A gRPC request of one message is kept and repeated as any body is; with its second message it can
// be no more, because its first one may have been answered.
//
// The policy says when an attempt begins and which one is passed on; the Exchange keeps the body
// for attempts that may follow (the replay buffer), and owns the way back to the client.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/fixed_vector.h"
#include "config/config.h"
#include "config/router.h"
#include "gateway/local_reply.h"
#include "gateway/request.h"
#include "net/loop.h"
#include "net/timer.h"
#include "policy/events.h"
#include "transport/transaction.h"

namespace warmgate::gateway {

class Attempt;
class Service;

class Exchange final : public transport::ServerHandler {
 public:
  static constexpr size_t kOwnFields = 8;     // that a response gets beside the backend's
  using Attempts = FixedVector<Attempt*, 2>;  // the policy runs one and its bypass

  Exchange(Service& service, policy::RequestId id, const http::RequestHead& head,
           transport::ServerTransaction& transaction);
  ~Exchange() override;

  policy::RequestId id() const { return id_; }
  const StoredRequest& request() const { return request_; }
  Instant arrived_at() const { return arrived_at_; }

  // Begins to read the body. True: the policy is to be told of the request now; else it is when
  // that is here, or admitted() tells.
  bool begin(const policy::RequestArrived& arrival, bool gather_body);
  // The policy lets it in, though its body is still to come.
  void admitted();

  // ---- for attempts ----
  void attempt_started(Attempt& attempt);  // hands over the replay buffer
  void attempt_ended(Attempt& attempt);
  void attempt_writable() { pace(); }
  // The chosen response; our own fields are added to `fields`.
  void respond(Attempt& attempt, uint16_t status, http::Fields& fields, http::BodyLength length);
  bool forward(std::string_view piece);  // false: the client is slow; resume_body() will come
  void complete(std::span<const http::Field> trailers);
  void break_off();  // the chosen response broke after its head was passed on
  // False: what was sent of the body is not kept any more.
  bool can_begin_again() const { return !replay_lost_; }
  bool request_complete() const { return body_complete_; }
  // The backend's direction of a tunnel has ended: so does ours to the client. True when the
  // client's had ended before, and with it all.
  bool end_tunnel_output();
  void abandon_tunnel();  // nothing passed for too long

  // ---- for the service ----
  void reject(const policy::Reject& reject);
  bool tunnels() const { return tunnel_; }
  void cut_tunnel();  // the gateway ends; destroys this
  void note_failure(std::string detail) { last_failure_ = std::move(detail); }
  const Attempts& attempts() const { return attempts_; }
  bool over() const { return over_; }
  void finish();  // all is over: the access log gets its record; destroys this

  // transport::ServerHandler
  void on_body(std::string_view piece) override;
  void on_request_end(std::span<const http::Field> trailers) override;
  void on_writable() override;
  void on_gone() override;

 private:
  static constexpr uint64_t kMostAhead = 16;  // times what came first, of memory for the rest

  // A body that is still to come.
  struct Gathering final : net::Deferred {
    Gathering(Exchange& of, const policy::RequestArrived& request)
        : exchange(of), arrival(request) {}
    void run() override { exchange.announce(); }
    Exchange& exchange;
    policy::RequestArrived arrival;
    bool announced = false;  // to the policy
  };
  bool gathers(const policy::RequestArrived& arrival) const;
  [[gnu::noinline]] void gather(const policy::RequestArrived& arrival);
  void announce();
  void body_here();
  bool enough_to_send() const;
  bool holds_message() const;
  void pace();
  bool body_wanted() const;
  void lose_replay();
  bool several_messages() const;
  void refuse_size();
  void on_total_timeout();
  void answer_problem(uint16_t status, std::string_view reason, std::string_view detail,
                      Duration retry_after);
  void withdraw();
  // A client that waits for an event stream.
  struct Waiting {
    Waiting(net::TimerWheel& timers, std::function<void()> beat) : timer(timers, std::move(beat)) {}
    net::Timer timer;
    bool by_accept = false;  // it said so in Accept; else its body has to say so
    bool promised = false;   // it has the head of one
  };
  void watch_wait(const http::RequestHead& head);
  void beat();
  bool promised() const { return waiting_ != nullptr && waiting_->promised; }
  void respond_as_promised(uint16_t status, const http::Fields& fields);
  LocalReply local_reply(uint16_t status, std::string_view reason, std::string_view detail,
                         Duration retry_after) const;
  void begin_tunnel(std::span<const http::Field> fields);
  void end_tunnel();
  void put_server_timing(Pen& pen) const;
  Instant here_at() const;  // now, while its body is not

  Service& service_;
  const policy::RequestId id_;
  transport::ServerTransaction* transaction_;
  const Instant arrived_at_;
  StoredRequest request_;
  net::Timer total_;
  std::unique_ptr<Gathering> gathering_;  // until the body is here
  Instant here_at_;                       // with its body

  // The request body.
  std::string replay_;
  http::FieldStore trailer_store_;
  uint64_t body_bytes_ = 0;
  bool body_expected_ = false;
  bool body_complete_ = false;
  bool expects_continue_ = false;
  bool replay_lost_ = false;
  bool reading_ = false;
  bool withdrawn_ = false;  // the policy was told that it needs nothing any more
  bool tunnel_ = false;     // the body is a tunnel's bytes

  // Attempts, and the response.
  Attempts attempts_;
  uint32_t attempts_made_ = 0;
  Instant first_attempt_at_ = kNever;
  Instant head_at_ = kNever;
  Attempt* chosen_ = nullptr;
  std::string last_failure_;
  std::unique_ptr<Waiting> waiting_;

  // For the access log, when all is over.
  uint16_t status_ = 0;
  uint64_t response_bytes_ = 0;
  std::string_view reason_ = "none";
  uint8_t answerer_;
  bool over_ = false;
};

}  // namespace warmgate::gateway
