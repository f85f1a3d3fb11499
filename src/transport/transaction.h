// Transactions: one request and its response on a connection, independent of the HTTP version.
// HTTP/1 connections implement them (h1_*_connection.h), and HTTP/2 streams (h2_*_stream.h).
//
// Streaming.  Bodies pass in pieces, which live only during the call that hands them over.
// Tunnels.    A response of status 101 makes the transaction a tunnel: from then on the bodies of
// both
//             directions are the bytes of the new protocol, without framing. An end, sent or
//             received, is that direction's only, and comes without trailers; the transaction is
//             over when both directions have ended. Pressure as with bodies.
// Pressure.   send_body() returns false when enough is buffered: stop, until on_writable().
//             pause_body() stops the flow from the peer until read_body(). At most one piece that
//             was being handed over may still come after pause_body().
// Calls.      Handlers are never called from within a transaction's own method, except where a
//             method says so. A handler may destroy itself in any call, after letting go of the
//             transaction (set_handler(nullptr), cancel() or an end).
// Thread.     All on the loop's thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/message.h"
#include "http/writer.h"
#include "net/address.h"

namespace warmgate::transport {

// ---- server side: the application answers a client ----

class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  // Neither comes for a request without body bytes (Framing::none, or a length of 0), but both do
  // in a tunnel.
  virtual void on_body(std::string_view piece) = 0;
  virtual void on_request_end(std::span<const http::Field> trailers) = 0;
  virtual void on_writable() = 0;
  // The client left, broke the protocol or was too slow, before the response was complete. The
  // transaction is over: no method of it may be called any more.
  virtual void on_gone() = 0;
};

class ServerTransaction {
 public:
  virtual ~ServerTransaction() = default;
  virtual void set_handler(ServerHandler* handler) = 0;

  // The body flows only after the first read_body(), which also answers `Expect: 100-continue`.
  virtual void read_body() = 0;
  virtual void pause_body() = 0;
  // Are so many bytes of the body here already, so that read_body() brings them at once? For the
  // call that tells of the request; false where nobody knows.
  virtual bool holds_body(uint64_t /*bytes*/) const { return false; }

  virtual void send_interim(uint16_t status, std::span<const http::Field> fields) = 0;
  // `fields` holds no hop-by-hop or framing field. A length given with a response that may have no
  // body (to HEAD, 204, 304) is told where HTTP allows it, and no body must follow.
  virtual void send_head(uint16_t status, std::span<const http::Field> fields,
                         http::BodyLength length) = 0;
  // Instead of send_head(), to a request that wants an upgrade: 101, and what follows is a tunnel.
  // What the client sent behind its head already is the tunnel's first piece, after read_body().
  virtual void switch_protocols(std::string_view /*protocol*/,
                                std::span<const http::Field> /*fields*/) {
    WG_ASSERT(false, "only where RequestHead::wants_upgrade can be true");
  }
  virtual bool send_body(std::string_view piece) = 0;
  // Ends the transaction: the handler is let go. (Of a tunnel: see above.)
  virtual void send_end(std::span<const http::Field> trailers = {}) = 0;
  // Ends the transaction so that the client sees a broken response, not a complete one.
  virtual void abort() = 0;

  virtual bool head_sent() const = 0;
  virtual const net::Address& peer() const = 0;
  virtual std::string_view peer_ip() const = 0;  // as text; lives as long as the connection
  virtual bool secure() const = 0;               // the client speaks TLS
};

// ---- client side: we ask a backend ----

struct OutgoingRequest {
  std::string_view method;
  std::string_view target;
  std::string_view authority;
  std::span<const http::Field> fields;  // no hop-by-hop or framing field, no Host
  http::BodyLength length;
  std::string_view upgrade = {};  // the protocol to ask for, of a request without a body
  bool takes_trailers = false;    // who asks has said so (TE); for HTTP/2
};

enum class FailureKind : uint8_t {
  connect_failed,     // no address could be reached: no byte was sent
  connect_timed_out,  // the same, by time
  lost_early,         // the connection or stream ended before the response head was complete
  lost_midway,        // ... after it
  protocol,           // the peer broke the protocol, before or within the response
};

struct Failure {
  FailureKind kind = FailureKind::lost_early;
  // May the backend have seen a part of the request? False also where HTTP/2 says that it has done
  // nothing about it (REFUSED_STREAM, GOAWAY).
  bool bytes_sent = false;
  bool reused_connection = false;
  std::string detail;  // for people
};

class ClientTransaction;

class ClientHandler {
 public:
  virtual ~ClientHandler() = default;
  // The connection that this transaction waited for is up, and what was sent so far is on its way:
  // from now on the transaction is this one, and the one before is gone. Does not come for a
  // connection that was open before: see connected(). The one call in which a handler may not end
  // its transaction.
  virtual void on_connected(ClientTransaction& transaction) = 0;
  virtual void on_interim(const http::ResponseHead& head) = 0;
  virtual void on_response(const http::ResponseHead& head) = 0;  // 101: what follows is a tunnel
  virtual void on_body(std::string_view piece) = 0;
  // The response is complete, and the transaction over. (Of a tunnel: see above.)
  virtual void on_response_end(std::span<const http::Field> trailers) = 0;
  virtual void on_writable() = 0;
  // The transaction is over.
  virtual void on_failed(const Failure& failure) = 0;
};

class ClientTransaction {
 public:
  virtual ~ClientTransaction() = default;
  virtual bool connected() const = 0;
  virtual void send_head(const OutgoingRequest& request) = 0;
  virtual bool send_body(std::string_view piece) = 0;
  virtual void send_end(std::span<const http::Field> trailers = {}) = 0;  // also without a body
  virtual void read_body() = 0;  // a response flows from the start; this undoes pause_body()
  virtual void pause_body() = 0;
  // Ends the transaction without a further call to the handler.
  virtual void cancel() = 0;
};

}  // namespace warmgate::transport
