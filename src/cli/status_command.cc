#include "cli/status_command.h"

#include <iostream>
#include <memory>

#include "cli/exit_status.h"
#include "cli/status_table.h"
#include "gateway/probe.h"
#include "net/epoll_loop.h"
#include "transport/client_pool.h"

namespace warmgate::cli {
namespace {

constexpr Duration kPatience = 5s;
constexpr size_t kMaxStatus = 8 << 20;

struct StatusOptions {
  std::string admin = "127.0.0.1:9901";
  bool json = false;
};

std::string explain(const gateway::ProbeResult& result, const std::string& where) {
  switch (result.outcome) {
    case policy::Outcome::connect_failed:
      return "nothing answers at " + where +
             "; is `warmgate serve` running, and with that --admin address?";
    case policy::Outcome::timed_out:
      return "no answer from " + where + " within " + format_duration(kPatience);
    case policy::Outcome::broken:
    case policy::Outcome::broken_midway:
      return "what answers at " + where + " is no admin listener of warmgate";
    default:
      return "what answers at " + where + " is no admin listener of warmgate: it says status " +
             std::to_string(result.status);
  }
}

int run_status(const StatusOptions& options) {
  const auto say = [](const std::string& problem) {
    std::cerr << "warmgate status: " << problem << "\n";
  };
  const auto admin = parse_admin_address(options.admin);
  if (!admin) {
    say("--admin: " + admin.error().message);
    return kExitUsage;
  }
  const auto status = fetch_status(*admin);
  const auto shown = status && !options.json ? status_table(*status) : status;
  if (!shown) {
    say(shown.error().message);
    return kExitNoAnswer;
  }
  std::cout << *shown;
  return 0;
}

}  // namespace

Result<net::Address> parse_admin_address(std::string text) {
  constexpr std::string_view kScheme = "http://", kLocalhost = "localhost:";
  if (text.starts_with(kScheme)) text.erase(0, kScheme.size());
  text = text.substr(0, text.find('/'));
  if (text.starts_with(kLocalhost)) text.replace(0, kLocalhost.size(), "127.0.0.1:");
  if (text.starts_with(':')) text.insert(0, "127.0.0.1");  // listens on all: so on this one as well
  return net::Address::parse(text);
}

Result<std::string> fetch_status(const net::Address& admin) {
  const std::string where = admin.to_string();
  net::EpollLoop loop;
  transport::ClientPool pool(loop, {});
  pool.set_addresses({admin});
  gateway::ProbeRequest request;
  request.path = "/status";
  request.authority = where;
  request.timeout = kPatience;
  request.keep_body = kMaxStatus;
  gateway::ProbeResult result;
  const gateway::Probe probe(loop, pool, request, [&](const gateway::ProbeResult& ended) {
    result = ended;
    loop.stop();
  });
  loop.run();
  if (result.outcome != policy::Outcome::ok) return Error{explain(result, where)};
  return result.body;
}

void add_status_command(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* status = app.add_subcommand("status", "Show what a running gateway says of itself");
  status->add_option("--admin", options->admin, "ADDR:PORT of its admin listener")
      ->capture_default_str();
  status->add_flag("--json", options->json, "Print the status document as it is");
  status->callback([options, &exit_status] { exit_status = run_status(*options); });
}

}  // namespace warmgate::cli
