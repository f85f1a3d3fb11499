#include "http/body_decoder.h"

#include <algorithm>
#include <string>
#include <vector>

#include "http/field_line.h"

namespace warmgate::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

struct BodyDecoder::TrailerSection {
  std::string bytes;
  size_t read = 0;  // how many of the bytes are parsed
  std::vector<Field> fields;
  size_t lines = 0;
};

BodyDecoder::BodyDecoder() = default;
BodyDecoder::~BodyDecoder() = default;
BodyDecoder::BodyDecoder(BodyDecoder&&) noexcept = default;
BodyDecoder& BodyDecoder::operator=(BodyDecoder&&) noexcept = default;

void BodyDecoder::begin(Framing framing, uint64_t content_length) {
  size_digits_ = 0;
  line_length_ = 0;
  remaining_ = 0;
  trailers_.reset();
  error_ = {};
  switch (framing) {
    case Framing::none:
      state_ = State::complete;
      break;
    case Framing::length:
      remaining_ = content_length;
      state_ = content_length == 0 ? State::complete : State::length;
      break;
    case Framing::chunked:
      state_ = State::chunk_size;
      break;
    case Framing::until_close:
      state_ = State::until_close;
      break;
  }
}

bool BodyDecoder::end_of_input() {
  if (state_ == State::until_close) state_ = State::complete;
  return state_ == State::complete;
}

std::span<const Field> BodyDecoder::trailers() const {
  if (!trailers_) return {};
  return trailers_->fields;
}

bool BodyDecoder::fail(uint16_t status, const char* detail) {
  state_ = State::error;
  error_ = {status, detail};
  return false;
}

BodyDecoder::Step BodyDecoder::next(std::string_view input) {
  size_t used = 0;
  for (;;) {
    switch (state_) {
      case State::complete:
        return {Status::complete, used, {}};
      case State::error:
        return {Status::error, used, {}};
      default:
        break;
    }
    if (used == input.size()) return {Status::need_more, used, {}};
    switch (state_) {
      case State::length:
      case State::until_close:
      case State::chunk_data:
        return take_data(input, used);
      case State::trailer:
        return take_trailers(input, used);
      case State::trailer_begin:
        if (input[used] != '\r') {
          state_ = State::trailer;
          trailers_ = std::make_unique<TrailerSection>();
          trailers_->bytes.reserve(kMaxTrailerBytes);
          return take_trailers(input, used);
        }
        [[fallthrough]];
      default:
        if (take_framing_byte(input[used])) ++used;
    }
  }
}

BodyDecoder::Step BodyDecoder::take_data(std::string_view input, size_t used) {
  std::string_view data = input.substr(used);
  if (state_ != State::until_close) {
    data = data.substr(0, static_cast<size_t>(std::min<uint64_t>(remaining_, data.size())));
    remaining_ -= data.size();
    if (remaining_ == 0) {
      state_ = state_ == State::length ? State::complete : State::chunk_data_cr;
    }
  }
  return {Status::data, used + data.size(), data};
}

bool BodyDecoder::expect(char c, char expected, State then) {
  if (c != expected) return fail(400, "A line of the chunked framing does not end in CRLF.");
  state_ = then;
  return true;
}

bool BodyDecoder::take_framing_byte(char c) {
  switch (state_) {
    case State::chunk_size:
      return take_size_byte(c);
    case State::chunk_extension:
      if (c == '\r') {
        state_ = State::chunk_size_lf;
        return true;
      }
      if (is_control(c) && c != '\t')
        return fail(400, "A chunk extension has a control character.");
      if (++line_length_ > kMaxChunkLine) return fail(400, "A chunk extension is too long.");
      return true;
    case State::chunk_size_lf:
      size_digits_ = 0;
      return expect(c, '\n', remaining_ == 0 ? State::trailer_begin : State::chunk_data);
    case State::chunk_data_cr:
      return expect(c, '\r', State::chunk_data_lf);
    case State::chunk_data_lf:
      return expect(c, '\n', State::chunk_size);
    case State::trailer_begin:
      return expect(c, '\r', State::last_lf);
    default:
      return expect(c, '\n', State::complete);  // last_lf
  }
}

bool BodyDecoder::take_size_byte(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++size_digits_ > 16) return fail(400, "A chunk size is too large.");
    remaining_ = remaining_ << 4 | static_cast<uint64_t>(digit);
    return true;
  }
  if (size_digits_ == 0) return fail(400, "A chunk has no size.");
  if (c == '\r') {
    state_ = State::chunk_size_lf;
  } else if (c == ';') {
    state_ = State::chunk_extension;
    line_length_ = size_digits_;
  } else {
    return fail(400, "A chunk size is not a hexadecimal number.");
  }
  return true;
}

// Trailer lines are parsed as they come. Their bytes never move, so that views stay valid.
BodyDecoder::Step BodyDecoder::take_trailers(std::string_view input, size_t used) {
  TrailerSection& section = *trailers_;
  const size_t before = section.bytes.size();
  section.bytes.append(input.substr(used, kMaxTrailerBytes - before));
  const char* begin = section.bytes.data();
  LineCursor cursor(begin + section.read, begin + section.bytes.size());
  while (state_ == State::trailer) {
    Field field;
    switch (read_field_line(cursor, field)) {
      case LineStatus::line:
        take_trailer(field);
        break;
      case LineStatus::end:
        state_ = State::complete;
        break;
      case LineStatus::need_more:
        section.read = static_cast<size_t>(cursor.next - begin);
        if (section.bytes.size() < kMaxTrailerBytes) {
          return {Status::need_more, input.size(), {}};
        }
        fail(431, "The trailers are too long.");
        break;
      case LineStatus::error:
        fail(400, cursor.wrong);
    }
  }
  if (state_ == State::error) return {Status::error, used, {}};
  return {Status::complete, used + static_cast<size_t>(cursor.next - begin) - before, {}};
}

void BodyDecoder::take_trailer(const Field& field) {
  if (++trailers_->lines > kMaxFields) {
    fail(431, "There are too many trailers.");
  } else if (is_allowed_in_trailers(field.id)) {
    trailers_->fields.push_back(field);
  }
}

}  // namespace warmgate::http
