#include "serverless/probe.h"

#include <utility>

namespace warmgate::serverless {

StartupProbe::StartupProbe(net::Loop& loop, const net::Address& instance,
                           const std::optional<std::string>& http_path,
                           transport::ClientProtocol protocol, Duration timeout,
                           std::function<void(bool ok)> done)
    : done_(std::move(done)), timeout_(loop.timers(), [this] { finish(false); }) {
  timeout_.arm_after(timeout);
  if (!http_path) {
    auto stream = loop.connect(instance);
    if (stream) {
      stream_ = std::move(*stream);
      stream_->observe(this);
    } else {
      timeout_.arm_after(0ms);
    }
    return;
  }
  transport::ClientLimits limits;
  limits.connect_timeout = timeout;
  limits.max_idle = 0;
  limits.protocol = protocol;
  connection_.emplace(loop, limits);
  connection_->set_addresses({instance});
  transaction_ = &connection_->begin(*this);
  const http::Field agent{"User-Agent", "warmgate-startup-probe", http::FieldName::user_agent};
  transaction_->send_head(
      {"GET", *http_path, instance.to_string(), {&agent, 1}, http::BodyLength::none()});
  transaction_->send_end();
}

StartupProbe::~StartupProbe() {
  if (transaction_ != nullptr) transaction_->cancel();
}

void StartupProbe::on_response(const http::ResponseHead& head) {
  good_ = head.status >= 200 && head.status < 300;
}

void StartupProbe::on_response_end(std::span<const http::Field>) {
  transaction_ = nullptr;
  finish(good_);
}

void StartupProbe::on_failed(const transport::Failure&) {
  transaction_ = nullptr;
  finish(false);
}

void StartupProbe::finish(bool ok) {
  timeout_.disarm();
  stream_.reset();
  if (transaction_ != nullptr) std::exchange(transaction_, nullptr)->cancel();
  if (auto done = std::exchange(done_, nullptr)) done(ok);
}

}  // namespace warmgate::serverless
