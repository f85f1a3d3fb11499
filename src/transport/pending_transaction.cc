#include "transport/pending_transaction.h"

#include "transport/send_buffer.h"

namespace warmgate::transport {
namespace {

size_t bytes_of(std::span<const http::Field> fields) {
  size_t bytes = 0;
  for (const http::Field& field : fields) bytes += field.name.size() + field.value.size();
  return bytes;
}

void copy(std::span<const http::Field> fields, http::FieldStore& to) {
  for (const http::Field& field : fields) to.add(field);
}

}  // namespace

PendingTransaction& PendingTransaction::add(List& list, ClientHandler& handler) {
  list.push_back(std::make_unique<PendingTransaction>(handler));
  PendingTransaction& its = *list.back();
  its.list_ = &list;
  its.self_ = std::prev(list.end());
  return its;
}

void PendingTransaction::move(List& from, List& to) {
  from.front()->list_ = &to;
  to.splice(to.end(), from, from.begin());
}

void PendingTransaction::send_head(const OutgoingRequest& request) {
  head_sent_ = true;
  head_ = request;
  texts_.reserve(request.method.size() + request.target.size() + request.authority.size() +
                     request.upgrade.size() + bytes_of(request.fields),
                 request.fields.size());
  head_.method = texts_.keep(request.method);
  head_.target = texts_.keep(request.target);
  head_.authority = texts_.keep(request.authority);
  head_.upgrade = texts_.keep(request.upgrade);
  copy(request.fields, texts_);
  head_.fields = texts_.span();
}

bool PendingTransaction::send_body(std::string_view piece) {
  body_.append(piece);
  full_ = body_.size() >= kSendHigh;
  return !full_;
}

void PendingTransaction::send_end(std::span<const http::Field> trailers) {
  ended_ = true;
  trailers_.reserve(bytes_of(trailers), trailers.size());
  copy(trailers, trailers_);
}

void PendingTransaction::hand_over(ClientTransaction& to) {
  bool flows = true;
  if (head_sent_) to.send_head(head_);
  if (!body_.empty()) flows = to.send_body(body_);
  if (ended_) to.send_end(trailers_.span());
  if (paused_) to.pause_body();
  handler_.on_connected(to);
  if (full_ && flows && !ended_) handler_.on_writable();
}

void PendingTransaction::cancel() {
  list_->erase(self_);
}

}  // namespace warmgate::transport
