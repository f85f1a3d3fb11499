#include "load/options.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "http/bytes.h"
#include "http/writer.h"
#include "load/profile.h"

namespace warmgate::load {
namespace {

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

Result<std::unique_ptr<std::ifstream>> open_file(const std::string& path, const std::string& what) {
  errno = 0;
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (*file && file->peek() != std::char_traits<char>::eof()) return file;
  if (is_file(path) && errno == 0) return file;  // an empty one: its reader says what is missing
  const std::string why = errno != 0 ? std::strerror(errno) : "it is not a file";
  return Error{"cannot read the " + what + " \"" + path + "\": " + why};
}

Error in_file(const std::string& path, const Error& error) {
  return Error{path + ": " + error.message};
}

Result<Profile> rate_profile(const LoadOptions& options) {
  const auto rate = parse_rate(options.rate);
  if (!rate || *rate <= 0) {
    return Error{"the rate \"" + options.rate + "\" is not understood: write 50/s, 0.5/s or 600/m"};
  }
  if (options.length <= 0s) return Error{"--duration must be longer than nothing"};
  return Profile{{.from = *rate, .to = *rate, .length = options.length}};
}

Result<Profile> named_profile(const std::string& profile) {
  if (!is_file(profile)) return parse_profile(profile);
  std::ifstream in(profile);
  std::ostringstream text;
  text << in.rdbuf();
  auto parsed = parse_profile(text.str());
  return parsed ? std::move(parsed) : in_file(profile, parsed.error());
}

Result<ArrivalPlan> open_trace(const LoadOptions& options) {
  if (options.cut.speed <= 0) return Error{"--speed must be greater than 0"};
  auto file = open_file(options.trace, "trace");
  if (!file) return file.error();
  const auto summary = workload::inspect_trace(**file, options.cut);
  if (!summary) return in_file(options.trace, summary.error());
  auto again = open_file(options.trace, "trace");
  if (!again) return again.error();
  return ArrivalPlan{std::make_unique<TraceArrivals>(workload::CsvTrace(
                         std::move(*again), *summary, options.cut, options.spacing, options.seed)),
                     summary->bad_rows.count(), summary->bad_rows.first()};
}

using FieldPair = std::pair<std::string, std::string>;

Result<FieldPair> parse_field(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string name(trim(std::string_view(text).substr(0, colon)));
  if (colon == std::string::npos || !http::is_token(name)) {
    return Error{"the header \"" + text + "\" is not understood: write it as \"Name: value\""};
  }
  const std::string value(trim(std::string_view(text).substr(colon + 1)));
  if (!http::is_safe_value(value)) {
    return Error{"the header \"" + name + "\" has a line end or a NUL in its value"};
  }
  if (http::is_hop_by_hop(http::classify(name))) {
    return Error{"the header \"" + name + "\" belongs to the connection and cannot be chosen"};
  }
  return FieldPair{name, value};
}

Status add_fields(const LoadOptions& options, RunnerSettings& settings) {
  bool has_type = false;
  for (const std::string& text : options.headers) {
    auto field = parse_field(text);
    if (!field) return field.error();
    const http::FieldName id = http::classify(field->first);
    has_type = has_type || id == http::FieldName::content_type;
    if (id == http::FieldName::host) {
      settings.authority = field->second;
    } else {
      settings.fields.push_back(std::move(*field));
    }
  }
  if (has_type) return success();
  if (!options.payloads.empty() || options.body.ends_with(".json")) {
    settings.fields.emplace_back("content-type", "application/json");
  } else if (!options.body.empty()) {
    settings.fields.emplace_back("content-type", "application/octet-stream");
  }
  return success();
}

Status add_tls(const LoadOptions& options, RequestPlan& plan) {
  if (!plan.target.https) {
    if (options.ca_file.empty() && !options.insecure) return success();
    return Error{"--ca-file and --insecure are for https:// only"};
  }
  // No certificate of ours is shown, so none has to be valid now.
  auto context = net::TlsClientContext::load({options.ca_file, !options.insecure, {}, {}}, 0);
  if (!context) return context.error();
  plan.settings.tls = *context;
  plan.settings.tls_name = plan.target.host;
  return success();
}

}  // namespace

Result<ArrivalPlan> open_arrivals(const LoadOptions& options) {
  const int given = !options.rate.empty() + !options.profile.empty() + !options.trace.empty();
  if (given != 1) {
    return Error{"say when to send, by exactly one of --rate, --profile and --trace"};
  }
  if (!options.trace.empty()) return open_trace(options);
  auto profile = options.rate.empty() ? named_profile(options.profile) : rate_profile(options);
  if (!profile) return profile.error();
  return ArrivalPlan{
      std::make_unique<ProfileArrivals>(std::move(*profile), options.spacing, options.seed)};
}

Result<std::vector<Payload>> open_payloads(const LoadOptions& options) {
  if (!options.payloads.empty() && !options.body.empty()) {
    return Error{"give either --payloads or --body, not both"};
  }
  if (options.payloads.empty() && options.body.empty()) return std::vector<Payload>{};
  const std::string& path = options.payloads.empty() ? options.body : options.payloads;
  auto file = open_file(path, options.payloads.empty() ? "body" : "payloads");
  if (!file) return file.error();
  auto payloads = options.payloads.empty() ? read_raw_body(**file) : read_payloads(**file);
  return payloads ? std::move(payloads) : in_file(path, payloads.error());
}

Result<RequestPlan> plan_requests(const LoadOptions& options) {
  auto target = parse_target(options.url);
  if (!target) return target.error();
  if (!options.path.empty()) {
    if (!is_request_path(options.path)) {
      return Error{"--path \"" + options.path + "\" must begin with '/' and have no space in it"};
    }
    target->path = options.path;
  }
  RequestPlan plan{.target = std::move(*target), .settings = {}};
  RunnerSettings& settings = plan.settings;
  settings.authority = plan.target.authority;
  settings.path = plan.target.path;
  const bool has_body = !options.payloads.empty() || !options.body.empty();
  settings.method = !options.method.empty() ? options.method : has_body ? "POST" : "GET";
  if (!http::is_token(settings.method) || settings.method == "CONNECT") {
    return Error{"--method \"" + settings.method + "\" is no method that can be sent"};
  }
  if (options.timeout <= 0s) return Error{"--timeout must be longer than nothing"};
  if (options.max_connections == 0) return Error{"--max-connections must be at least 1"};
  settings.timeout = options.timeout;
  settings.max_connections = options.max_connections;
  if (auto status = add_fields(options, settings); !status) return status.error();
  if (auto status = add_tls(options, plan); !status) return status.error();
  return plan;
}

}  // namespace warmgate::load
