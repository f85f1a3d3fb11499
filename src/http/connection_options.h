// ForwardFilter says which fields of a message a gateway passes on: not those that belong to one
// connection or frame the message (is_hop_by_hop), and not those that the message's own Connection
// field names (RFC 9110, 7.6.1).
//
// Use.       Build it once for a parsed head, then ask for each field. It views the head's bytes.
// Cost.      Without unusual connection options, one look at an id per field. No allocation.
// Not here.  Host (the sender writes its own) and fields that a policy replaces, such as Forwarded.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "http/message.h"

namespace warmgate::http {

class ForwardFilter {
 public:
  explicit ForwardFilter(const Fields& fields);

  bool forwards(const Field& field) const {
    return !is_hop_by_hop(field.id) && (named_size_ == 0 || !is_named(field));
  }

  // The sender of this request understands trailers ("TE: trailers"); gRPC insists on hearing so.
  bool accepts_trailers() const { return accepts_trailers_; }

 private:
  void note_options(std::string_view options);
  bool is_named(const Field& field) const;

  // Only options that are not hop-by-hop anyway. HeadParser refuses heads with more.
  std::array<std::string_view, kMaxConnectionOptions> named_;
  size_t named_size_ = 0;
  bool accepts_trailers_ = false;
};

}  // namespace warmgate::http
