#include "cli/serve_command.h"

#include <iostream>
#include <memory>

#include "cli/check_command.h"
#include "cli/exit_status.h"
#include "cli/serve.h"
#include "config/loader.h"

namespace warmgate::cli {
namespace {

struct ServeOptions {
  std::string file;
  config::QuickForm quick;
};

bool gives_quick_form(const config::QuickForm& form) {
  return !form.always_on.empty() || !form.serverless.empty() || !form.slo.empty() ||
         !form.prefer.empty() || !form.model.empty() || !form.always_on_concurrency.empty() ||
         !form.serverless_concurrency.empty() || !form.max_instances.empty() ||
         !form.threads.empty() || !form.ready_path.empty() || !form.cold_start.empty() ||
         !form.idle_lifetime.empty();
}

int run_serve(const ServeOptions& options) {
  const bool quick = gives_quick_form(options.quick);
  if (quick == !options.file.empty()) {
    std::cerr
        << (quick ? "warmgate serve: give either -c FILE or --always-on/--serverless, not both\n"
                  : "warmgate serve: give -c FILE, or --always-on URL and --serverless URL "
                    "(see warmgate serve --help)\n");
    return kExitUsage;
  }
  const config::Loaded loaded =
      quick ? config::from_quick_form(options.quick) : config::load_file(options.file);
  if (!loaded.config) {
    std::cerr << loaded.error_text() << "\n";
    return loaded.unreadable ? kExitUnreadable : kExitInvalidConfig;
  }
  return serve(*loaded.config, loaded.hint_text());
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<ServeOptions>();
  config::QuickForm& quick = options->quick;
  CLI::App* serve = app.add_subcommand("serve", "Run the gateway");
  serve->add_option("-c,--config", options->file, "Configuration file; - is standard input");
  serve->add_option("--always-on", quick.always_on, "URL of an always-on backend; repeatable");
  serve->add_option("--serverless", quick.serverless, "URL of the serverless service");
  serve->add_option("--slo", quick.slo, "Latency that a request should stay within [500ms]");
  serve->add_option("--listen", quick.listen,
                    "Address to listen on, https://:8443 with TLS; repeatable [:8080]");
  serve->add_option("--tls-certificate", quick.tls_certificate,
                    "PEM file with the certificate and its chain, for --listen https://...");
  serve->add_option("--tls-key", quick.tls_key, "PEM file of its private key");
  serve->add_option("--admin", quick.admin,
                    "Address of status and metrics, or off [127.0.0.1:9901]");
  serve->add_option("--always-on-concurrency", quick.always_on_concurrency,
                    "Requests at a time per always-on backend");
  serve->add_option("--serverless-concurrency", quick.serverless_concurrency,
                    "Requests at a time per serverless instance");
  serve->add_option("--max-instances", quick.max_instances, "Serverless instances at most");
  serve->add_option("--ready-path", quick.ready_path,
                    "Path that answers 2xx when the model is loaded [/v2/health/ready]");
  serve->add_option("--cold-start", quick.cold_start,
                    "How long an instance takes to start, until it is learned [5s]");
  serve->add_option("--idle-lifetime", quick.idle_lifetime,
                    "How long an idle instance lives at most [15m]");
  serve->add_option("--prefer", quick.prefer,
                    "serverless: its speed while it is warm; always_on: lowest cost [serverless]");
  serve->add_option("--model", quick.model,
                    "Name of the model, to check that both pools serve the same one");
  serve->add_option("--threads", quick.threads, "Threads that serve requests [1]");
  serve->add_option("--log-format", quick.log_format, "json or text [json]");
  serve->add_option("--log-level", quick.log_level, "debug, info, warning or error [info]");
  serve->callback([options, &exit_status] { exit_status = run_serve(*options); });
}

}  // namespace warmgate::cli
