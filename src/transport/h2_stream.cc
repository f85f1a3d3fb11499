#include "transport/h2_stream.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "transport/h2_fields.h"
#include "transport/h2_session.h"

namespace warmgate::transport {

H2Stream::~H2Stream() {
  discard_input();
  session_.note_sent(out_.size());
}

bool H2Stream::open() const {
  return session_.open() && !reset_by_us_ && !closed_;
}

// ---- input ----

void H2Stream::take(std::string_view piece) {
  if (discards_) return session_.consume(id_, piece.size());
  if (reading_ && held_.empty()) {
    session_.consume(id_, piece.size());
    on_progress();
    return on_piece(piece);
  }
  held_.append(piece);
  session_.hold(piece.size());
}

bool H2Stream::take_trailers(http::HeaderBlock& block) {
  in_trailers_ = std::make_unique<Trailers>(Trailers{std::move(block), {}});
  if (in_trailers_->block.finish_trailers(in_trailers_->fields)) return true;
  in_trailers_.reset();
  return false;
}

void H2Stream::take_end() {
  input_ended_ = true;
  if (reading_ && held_.empty()) tell_end();
}

void H2Stream::tell_end() {
  if (!end_owed()) return;
  end_told_ = true;
  std::span<const http::Field> trailers;
  if (in_trailers_ != nullptr) trailers = in_trailers_->fields;
  on_input_end(trailers);
}

void H2Stream::read_input() {
  reading_ = true;
  if (wants_delivery()) session_.want_delivery();
}

void H2Stream::discard_input() {
  discards_ = true;
  if (held_.empty()) return;
  session_.release(id_, held_.size());
  std::string().swap(held_);
}

// What was held, as far as it is wanted. Called by the session, outside of nghttp2.
void H2Stream::deliver() {
  std::string held = std::exchange(held_, {});
  size_t done = 0;
  while (reading_ && !discards_ && done < held.size()) {
    const auto piece = std::string_view(held).substr(done, kPiece);
    done += piece.size();
    on_progress();
    on_piece(piece);
  }
  if (discards_) done = held.size();
  session_.release(id_, done);
  held_ = done == 0 ? std::move(held) : held.substr(done);
  if (reading_ && held_.empty()) tell_end();
}

// ---- output ----

bool H2Stream::put_body(std::string_view piece) {
  if (!open()) return true;
  if (!piece.empty()) {
    if (out_.empty()) on_progress();  // the time to take it begins now
    out_.tail().append(piece);
    session_.note_buffered(piece.size());
    resume_output();
  }
  full_ = session_.is_full(out_.size());
  return !full_;
}

void H2Stream::put_end(std::span<const http::Field> trailers) {
  for (const http::Field& field : trailers) out_trailers_.emplace_back(field.name, field.value);
  out_ended_ = true;
  full_ = false;
  resume_output();
}

void H2Stream::resume_output() {
  if (!open()) return;
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(session_.get(), id_);
  session_.wake();
}

// nghttp2 asks for the next DATA frame; its bytes are moved by H2Session::send_data().
ssize_t H2Stream::next_output(size_t most, uint32_t& flags) {
  const size_t bytes = std::min(most, out_.size());
  if (bytes == 0 && !out_ended_) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (out_ended_ && bytes == out_.size()) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!out_trailers_.empty()) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      submit_trailers();
    }
  }
  return static_cast<ssize_t>(bytes);
}

void H2Stream::submit_trailers() {
  H2Fields fields;
  for (const auto& [name, value] : out_trailers_) fields.add(name, value);
  nghttp2_submit_trailer(session_.get(), id_, fields.data(), fields.size());
}

void H2Stream::tell_room() {
  if (!full_ || !session_.has_room(out_.size())) return;
  full_ = false;
  on_room();
}

void H2Stream::reset(uint32_t error) {
  discard_input();
  if (!open()) return;
  reset_by_us_ = true;
  full_ = false;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id_, error);
  session_.wake();
}

void H2Stream::abandon() {
  if (id_ != 0 && !closed_) return reset(NGHTTP2_CANCEL);
  discard_input();
  session_.keep_closed(*this);
}

}  // namespace warmgate::transport
