// From text, a file or flags to a Config, or to all that is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/report.h"

namespace warmgate::config {

struct Loaded {
  std::optional<Config> config;  // nullopt when there are errors
  std::string source;            // name of the file; empty for flags
  bool unreadable = false;  // the file could not be read, so nothing is known about its content
  std::vector<Problem> errors;
  size_t errors_left_out = 0;  // beyond Report::kMaxErrors
  std::vector<Problem> hints;  // what is valid but looks wrong

  // All errors, or all hints, one per line, without a final newline.
  std::string error_text() const;
  std::string hint_text() const;
};

// `source` names the text in messages.
Loaded load_text(std::string_view yaml, std::string source);
Loaded load_file(const std::string& path);  // "-" is standard input

// The values of `warmgate serve`'s flags, as typed. Empty = not given.
struct QuickForm {
  std::vector<std::string> always_on;   // --always-on URL, repeatable
  std::vector<std::string> serverless;  // --serverless URL, repeatable
  std::vector<std::string> listen;      // --listen ADDRESS, repeatable
  std::string tls_certificate;          // --tls-certificate FILE
  std::string tls_key;                  // --tls-key FILE
  std::string slo;                      // --slo
  std::string admin;                    // --admin ADDRESS or off
  std::string always_on_concurrency;    // --always-on-concurrency
  std::string serverless_concurrency;   // --serverless-concurrency
  std::string max_instances;            // --max-instances
  std::string ready_path;               // --ready-path, of health checks and wakes
  std::string cold_start;               // --cold-start
  std::string idle_lifetime;            // --idle-lifetime
  std::string prefer;                   // --prefer
  std::string model;                    // --model NAME
  std::string threads;                  // --threads
  std::string log_format;               // --log-format
  std::string log_level;                // --log-level
};

// One service named "default". The same validation; errors name the flag.
Loaded from_quick_form(const QuickForm& form);

}  // namespace warmgate::config
