// ForwardFilter says which fields of a message a gateway passes on: not those that belong to one
// connection or frame the message (is_hop_by_hop), and not those that the message's own Connection
// field names (RFC 9110, 7.6.1).
//
// Use.       Build it once for a parsed head, then ask for each field. It views the head.
// Cost.      Without unusual connection options, one look at an id per field. With them, each field
//            is compared with each option, of which HeadParser refuses more than
//            kMaxConnectionOptions.
// Not here.  Host (the sender writes its own) and fields that a policy replaces, such as Forwarded.
#pragma once

#include <string_view>

#include "http/message.h"

namespace warmgate::http {

class ForwardFilter {
 public:
  explicit ForwardFilter(const Fields& fields)
      : fields_(fields), names_some_(fields.has(FieldName::connection) && names_some()) {}

  bool forwards(const Field& field) const {
    return !is_hop_by_hop(field.id) && (!names_some_ || !is_named(field));
  }

  // The sender of this request understands trailers ("TE: trailers"); gRPC insists on hearing so.
  bool accepts_trailers() const;

 private:
  bool names_some() const;
  bool is_named(const Field& field) const;

  const Fields& fields_;
  const bool names_some_;  // Connection names a field that is not hop-by-hop anyway
};

}  // namespace warmgate::http
