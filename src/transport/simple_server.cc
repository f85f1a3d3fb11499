#include "transport/simple_server.h"

#include "base/text.h"

namespace warmgate::transport {

std::optional<std::string_view> SimpleRequest::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields) {
    if (equals_ignoring_case(field_name, name)) return value;
  }
  return std::nullopt;
}

// Kept alive by itself (through `self_`) while the request is read, then by Responders. Those may
// outlive the server: then there is nobody to answer any more.
class SimpleExchange final : public ServerHandler {
 public:
  SimpleExchange(SimpleServer& server, ServerTransaction& transaction)
      : server_(server), transaction_(&transaction) {
    server_.open_.insert(this);
  }
  ~SimpleExchange() override {
    if (transaction_ == nullptr) return;
    answer({500, "text/plain", "The service gave no answer.\n", {}});
  }

  static void start(SimpleServer& server, const http::RequestHead& head,
                    ServerTransaction& transaction) {
    auto exchange = std::make_shared<SimpleExchange>(server, transaction);
    exchange->self_ = exchange;
    transaction.set_handler(exchange.get());
    SimpleRequest& request = exchange->request_;
    request.method = head.method_text;
    request.target = head.target;
    for (const http::Field& field : head.fields)
      request.fields.emplace_back(field.name, field.value);
    const bool has_body = head.framing == http::Framing::chunked || head.content_length > 0;
    if (!has_body) return exchange->handle();
    if (head.content_length > server.max_body_) return exchange->refuse_size();
    transaction.read_body();
  }

  void answer(const SimpleResponse& response) {
    if (transaction_ == nullptr) return;
    ServerTransaction& transaction = *std::exchange(transaction_, nullptr);
    server_.open_.erase(this);
    std::vector<http::Field> fields{
        {"content-type", response.content_type, http::FieldName::content_type}};
    for (const auto& [name, value] : response.fields) fields.push_back({name, value});
    transaction.send_head(response.status, fields, http::BodyLength::of(response.body.size()));
    transaction.send_body(response.body);
    transaction.send_end();
  }

  // ServerHandler
  void on_body(std::string_view piece) override {
    if (request_.body.size() + piece.size() > server_.max_body_) return refuse_size();
    request_.body.append(piece);
  }
  void on_request_end(std::span<const http::Field>) override { handle(); }
  void on_writable() override {}
  void on_gone() override {
    server_.open_.erase(this);
    let_go();
  }

  void let_go() {
    transaction_ = nullptr;
    const auto self = std::move(self_);  // perhaps the last one
  }

 private:
  void handle() {
    auto self = std::move(self_);
    server_.handler_(std::move(request_), Responder(std::move(self)));
  }
  void refuse_size() {
    auto self = std::move(self_);
    answer({413,
            "text/plain",
            "The request body is larger than " + std::to_string(server_.max_body_) + " bytes.\n",
            {}});
  }

  SimpleServer& server_;            // not to be used without a transaction
  ServerTransaction* transaction_;  // nullptr once answered or gone
  SimpleRequest request_;
  std::shared_ptr<SimpleExchange> self_;
};

void Responder::operator()(SimpleResponse response) const {
  exchange_->answer(response);
}

SimpleServer::SimpleServer(net::Loop& loop, SimpleHandler handler, const ServerLimits& limits,
                           uint64_t max_body)
    : handler_(std::move(handler)), max_body_(max_body), server_(loop, *this, limits) {}

SimpleServer::~SimpleServer() {
  while (!open_.empty()) open_.extract(open_.begin()).value()->let_go();
}

void SimpleServer::on_request(const http::RequestHead& head, ServerTransaction& transaction) {
  SimpleExchange::start(*this, head, transaction);
}

}  // namespace warmgate::transport
