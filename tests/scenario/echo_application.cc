#include "echo_application.h"

#include <algorithm>

#include "http_text.h"

namespace warmgate::test {

using http::BodyLength;
using http::Framing;

class EchoApplication::Exchange final : public transport::ServerHandler {
 public:
  Exchange(EchoApplication& application, transport::ServerTransaction& transaction)
      : application_(application), transaction_(transaction) {}

  void start(const http::RequestHead& head) {
    target_ = head.target;
    has_body_ = head.framing == Framing::chunked || head.content_length > 0;
    if (target_ == "/echo") return start_echo(head);
    if (target_ == "/until-close") return answer(200, "all there is", {Framing::until_close, 0});
    if (target_ == "/fields") return answer_fields(head);
    if (target_ == "/ignore") return answer(403, "no");
    if (target_ == "/empty") return answer(204, "", BodyLength::none());
    if (target_ == "/abort") return start_abort();
    if (target_.starts_with("/big/")) return start_big(target_.substr(5), false);
    if (target_.starts_with("/lump/")) return answer(200, pattern(std::stoul(target_.substr(6))));
    if (target_.starts_with("/sized/")) return start_big(target_.substr(7), true);
    if (target_ == "/read" || target_ == "/early") return transaction_.read_body();
    if (target_ == "/wait" || target_ == "/stuck") return;
    if (target_ == "/interim") {
      const http::Field link{"link", "</style.css>"};
      transaction_.send_interim(103, {&link, 1});
    }
    answer(200, "hello");
  }

  bool waiting() const { return target_ == "/wait"; }
  void answer(uint16_t status, std::string_view body) {
    answer(status, body, BodyLength::of(body.size()));
  }

  // transport::ServerHandler
  void on_body(std::string_view piece) override {
    application_.body_bytes += piece.size();
    size_ += piece.size();
    if (target_ == "/early") return answer(200, piece);
    if (target_ == "/echo" && !transaction_.send_body(piece)) transaction_.pause_body();
  }
  void on_request_end(std::span<const http::Field> trailers) override {
    ++application_.ended;
    if (target_ == "/read") return answer(200, std::to_string(size_));
    if (target_ != "/echo") return;
    transaction_.send_end(trailers);
    application_.forget(this);
  }
  void on_writable() override {
    if (to_send_.empty()) return transaction_.read_body();
    send_more();
  }
  void on_gone() override {
    ++application_.gone;
    application_.forget(this);
  }

 private:
  void start_echo(const http::RequestHead& head) {
    const bool with_length = head.framing == Framing::length;
    transaction_.read_body();
    transaction_.send_head(
        200, {}, with_length ? BodyLength::of(head.content_length) : BodyLength::chunked());
    if (has_body_) return;
    transaction_.send_end();
    application_.forget(this);
  }
  void answer_fields(const http::RequestHead& head) {
    std::string text;
    for (const http::Field& field : head.fields) {
      text.append(field.name).append(": ").append(field.value).append("\n");
    }
    answer(200, text);
  }
  void start_big(const std::string& size, bool with_length) {
    to_send_ = pattern(std::stoul(size));
    transaction_.send_head(200, {},
                           with_length ? BodyLength::of(to_send_.size()) : BodyLength::chunked());
    send_more();
  }
  void start_abort() {
    transaction_.send_head(200, {}, BodyLength::chunked());
    transaction_.send_body("half");
    transaction_.abort();
    application_.forget(this);
  }
  void answer(uint16_t status, std::string_view body, BodyLength length) {
    transaction_.send_head(status, {}, length);
    transaction_.send_body(body);
    transaction_.send_end();
    application_.forget(this);
  }
  void send_more() {
    constexpr size_t kPiece = 10'000;
    while (sent_ < to_send_.size()) {
      const auto piece = std::string_view(to_send_).substr(sent_, kPiece);
      sent_ += piece.size();
      if (!transaction_.send_body(piece)) return;
    }
    transaction_.send_end();
    application_.forget(this);
  }

  EchoApplication& application_;
  transport::ServerTransaction& transaction_;
  std::string target_;
  std::string to_send_;
  size_t sent_ = 0;
  size_t size_ = 0;
  bool has_body_ = false;
};

EchoApplication::EchoApplication() = default;
EchoApplication::~EchoApplication() = default;

void EchoApplication::forget(Exchange* exchange) {
  exchanges_.erase(exchange);
}

void EchoApplication::on_request(const http::RequestHead& head,
                                 transport::ServerTransaction& transaction) {
  requests.push_back(std::string(head.method_text) + " " + std::string(head.target));
  auto exchange = std::make_unique<Exchange>(*this, transaction);
  Exchange& its = *exchange;
  transaction.set_handler(&its);
  exchanges_[&its] = std::move(exchange);
  its.start(head);
}

void EchoApplication::answer_waiting() {
  std::vector<Exchange*> waiting;
  for (const auto& [exchange, owned] : exchanges_) {
    if (exchange->waiting()) waiting.push_back(exchange);
  }
  for (Exchange* exchange : waiting) exchange->answer(200, "waited");
}

}  // namespace warmgate::test
