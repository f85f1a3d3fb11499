// StoredHead keeps a request's head while the request waits, in the form in which the instance
// gets it: without the fields that belong to the client's connection, with X-Forwarded-*.
#pragma once

#include <string>
#include <vector>

#include "http/message.h"
#include "net/address.h"
#include "transport/transaction.h"

namespace warmgate::serverless {

class StoredHead {
 public:
  StoredHead(const http::RequestHead& head, const net::Address& client);
  StoredHead(const StoredHead&) = delete;
  StoredHead& operator=(const StoredHead&) = delete;

  http::Method method() const { return method_; }
  bool has_body() const;
  std::string_view upgrade() const { return upgrade_; }  // the protocol asked for; empty: none
  transport::OutgoingRequest outgoing() const;

 private:
  std::string_view store(std::string_view text);

  std::string bytes_;  // what all the views point into; never reallocated
  http::Method method_;
  std::string_view method_text_, target_, authority_, upgrade_;
  http::BodyLength length_;
  bool takes_trailers_;
  std::vector<http::Field> fields_;
};

// The fields of a message that go on to the next hop: all but the hop-by-hop ones and those that
// its Connection field names (RFC 9110, 7.6.1).
std::vector<http::Field> end_to_end_fields(const http::Fields& fields);

}  // namespace warmgate::serverless
