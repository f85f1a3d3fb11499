// TLS towards clients: TlsServer makes a TlsStream of each accepted Stream. It has one or several
// certificates, chosen by the name that the client asks for (SNI), and reads their files again when
// they change.
//
// Reload.   The files are looked at every kLookInterval. What is wrong with new ones is logged
//           once, and the old ones stay in use; streams that are open keep what they began with.
// Threads.  Servers on several loops may have the same ticket keys, so that a client may come
//           back to any of them: all but one follow that one.
// Tickets.  Sessions are resumed by tickets, so that nothing is kept of a client. Their keys are
//           replaced every kTicketKeyLife, so that who learns one cannot read what was said long
//           ago; they outlive a reload but not the process.
// Bounds.   A handshake that does not end is the caller's to end, by time.
// Life.     A TlsServer outlives its streams.
// Thread.   All on the loop's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/loop.h"

struct ssl_ctx_st;

namespace warmgate::net {

struct TlsServerSettings {
  struct Identity {
    std::string certificate_file;  // PEM, with its chain
    std::string key_file;
  };
  // At least one. The first is also for clients that ask for no name, or for an unknown one.
  std::vector<Identity> identities;
  // Clients must show a certificate that one of these issued; empty = clients are not asked.
  std::string client_ca_file{};
};

struct TlsServerStats {
  uint64_t full = 0;     // handshakes with certificates
  uint64_t resumed = 0;  // handshakes that took up an earlier session
  uint64_t failed = 0;
  uint64_t reloads = 0;
  uint64_t reloads_failed = 0;
};

class TlsServer {
 public:
  static constexpr Duration kLookInterval = 5s;
  static constexpr Duration kTicketKeyLife = 12h;

  // Reads the files; an Error names the one that is wrong, and what to do.
  static Result<std::unique_ptr<TlsServer>> open(Loop& loop, TlsServerSettings settings);
  // The same, for the errors only.
  static Status check(const TlsServerSettings& settings, double wall_seconds);
  ~TlsServer();

  using TicketKeys = std::array<unsigned char, 256>;  // more than OpenSSL has of them
  TicketKeys ticket_keys() const;
  // From now on it takes its ticket keys from another one, and leaves the log to it.
  void follow(const TicketKeys& keys);
  // Who is to be told of new ones, for those that follow.
  void on_new_keys(std::function<void(const TicketKeys&)> told) { on_new_keys_ = std::move(told); }

  std::unique_ptr<Stream> wrap(std::unique_ptr<Stream> below);

  // The files, if they changed, now rather than at the next look.
  void look_at_files();

  const TlsServerStats& stats() const { return stats_; }
  // When the certificates end, in seconds since 1970, in the order of the settings.
  struct Expiry {
    std::string certificate_file;
    double at = 0;
  };
  const std::vector<Expiry>& expiries() const { return expiries_; }
  // Why the files as they are now are not in use; empty when they are.
  const std::string& reload_problem() const { return reload_problem_; }

 private:
  class Owner;  // of the streams
  struct Loaded;

  TlsServer(Loop& loop, TlsServerSettings settings);
  static Result<Loaded> load(const TlsServerSettings& settings, double wall_seconds);
  void use(Loaded loaded);
  void look();
  void renew_ticket_keys();
  std::string fingerprint() const;  // changes when a file does

  Loop& loop_;
  const TlsServerSettings settings_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::vector<Expiry> expiries_;
  std::string fingerprint_;  // of the files that were tried last
  std::string reload_problem_;
  TlsServerStats stats_;
  std::unique_ptr<Owner> owner_;
  Instant ticket_keys_since_;
  std::function<void(const TicketKeys&)> on_new_keys_;
  bool follows_ = false;
  Timer look_;
};

}  // namespace warmgate::net
