#include "transport/simple_server.h"

#include "base/text.h"

namespace warmgate::transport {

std::optional<std::string_view> SimpleRequest::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields) {
    if (equals_ignoring_case(field_name, name)) return value;
  }
  return std::nullopt;
}

// Kept alive by the connection (through `self_`) while the request is read, then by Responders.
class SimpleExchange final : public ServerHandler {
 public:
  SimpleExchange(ServerTransaction& transaction, const SimpleHandler& handler, uint64_t max_body)
      : transaction_(&transaction), handler_(handler), max_body_(max_body) {}
  ~SimpleExchange() override {
    if (transaction_ == nullptr) return;
    answer({500, "text/plain", "The service gave no answer.\n", {}});
  }

  static void start(const http::RequestHead& head, ServerTransaction& transaction,
                    const SimpleHandler& handler, uint64_t max_body) {
    auto exchange = std::make_shared<SimpleExchange>(transaction, handler, max_body);
    exchange->self_ = exchange;
    transaction.set_handler(exchange.get());
    SimpleRequest& request = exchange->request_;
    request.method = head.method_text;
    request.target = head.target;
    for (const http::Field& field : head.fields) request.fields.emplace_back(field.name, field.value);
    const bool has_body = head.framing == http::Framing::chunked || head.content_length > 0;
    if (!has_body) return exchange->handle();
    if (head.content_length > max_body) return exchange->refuse_size();
    transaction.read_body();
  }

  void answer(const SimpleResponse& response) {
    if (transaction_ == nullptr) return;
    ServerTransaction& transaction = *std::exchange(transaction_, nullptr);
    std::vector<http::Field> fields{
        {"content-type", response.content_type, http::FieldName::content_type}};
    for (const auto& [name, value] : response.fields) fields.push_back({name, value});
    transaction.send_head(response.status, fields, http::BodyLength::of(response.body.size()));
    transaction.send_body(response.body);
    transaction.send_end();
  }

  // ServerHandler
  void on_body(std::string_view piece) override {
    if (request_.body.size() + piece.size() > max_body_) return refuse_size();
    request_.body.append(piece);
  }
  void on_request_end(std::span<const http::Field>) override { handle(); }
  void on_writable() override {}
  void on_gone() override {
    transaction_ = nullptr;
    self_.reset();
  }

 private:
  void handle() {
    auto self = std::move(self_);
    handler_(std::move(request_), Responder(std::move(self)));
  }
  void refuse_size() {
    auto self = std::move(self_);
    answer({413, "text/plain",
            "The request body is larger than " + std::to_string(max_body_) + " bytes.\n", {}});
  }

  ServerTransaction* transaction_;  // nullptr once answered or gone
  const SimpleHandler& handler_;
  uint64_t max_body_;
  SimpleRequest request_;
  std::shared_ptr<SimpleExchange> self_;
};

void Responder::operator()(SimpleResponse response) const {
  exchange_->answer(response);
}

SimpleServer::SimpleServer(net::Loop& loop, SimpleHandler handler, const ServerLimits& limits,
                           uint64_t max_body)
    : handler_(std::move(handler)), max_body_(max_body), server_(loop, *this, limits) {}

void SimpleServer::on_request(const http::RequestHead& head, ServerTransaction& transaction) {
  SimpleExchange::start(head, transaction, handler_, max_body_);
}

}  // namespace warmgate::transport
