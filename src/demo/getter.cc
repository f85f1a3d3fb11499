#include "demo/getter.h"

#include <utility>

#include "base/assert.h"

namespace warmgate::demo {

class Getter::Exchange final : public transport::ClientHandler {
 public:
  Exchange(Getter& getter, const std::string& path)
      : getter_(getter), timeout_(getter.loop_.timers(), [this] { end(std::nullopt); }) {
    timeout_.arm_after(kPatience);
    transaction_ = &getter_.pool_.begin(*this);
    transaction_->send_head({"GET", path, getter_.authority_, {}, http::BodyLength::none()});
    transaction_->send_end();
  }
  ~Exchange() override {
    if (transaction_ != nullptr) transaction_->cancel();
  }

 private:
  void on_connected(transport::ClientTransaction& transaction) override {
    transaction_ = &transaction;
  }
  void on_interim(const http::ResponseHead&) override {}
  void on_response(const http::ResponseHead& head) override {
    good_ = head.status >= 200 && head.status < 300;
  }
  void on_body(std::string_view piece) override {
    document_.append(piece.substr(0, kMaxDocument - document_.size()));
  }
  void on_response_end(std::span<const http::Field>) override {
    transaction_ = nullptr;
    end(good_ ? std::optional(std::move(document_)) : std::nullopt);
  }
  void on_writable() override {}
  void on_failed(const transport::Failure&) override {
    transaction_ = nullptr;
    end(std::nullopt);
  }

  void end(std::optional<std::string> document) { getter_.finish(std::move(document)); }

  Getter& getter_;
  net::Timer timeout_;
  transport::ClientTransaction* transaction_ = nullptr;
  bool good_ = false;
  std::string document_;
};

Getter::Getter(net::Loop& loop, const net::Address& address)
    : loop_(loop), authority_(address.to_string()), pool_(loop, {}) {
  pool_.set_addresses({address});
}

Getter::~Getter() = default;

void Getter::get(const std::string& path, Callback callback) {
  WG_ASSERT(!busy(), "a Getter asks one thing at a time");
  callback_ = std::move(callback);
  exchange_ = std::make_unique<Exchange>(*this, path);
}

// The exchange ends here; the callback may ask for the next document.
void Getter::finish(std::optional<std::string> document) {
  const std::unique_ptr<Exchange> done = std::move(exchange_);
  const Callback callback = std::move(callback_);
  callback(std::move(document));
}

}  // namespace warmgate::demo
