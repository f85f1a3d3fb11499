#include "model/routes.h"

namespace warmgate::model {
namespace {

// Cuts the first segment, up to a slash, off `path`.
std::string_view take_segment(std::string_view& path) {
  const size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

Route just(Endpoint endpoint) {
  Route route;
  route.endpoint = endpoint;
  return route;
}

Route find_model_route(std::string_view path) {
  constexpr std::string_view kVersions = "versions/";
  Route route;
  route.model = take_segment(path);
  if (route.model.empty()) return {};
  if (path.starts_with(kVersions)) {
    path.remove_prefix(kVersions.size());
    route.version = take_segment(path);
    if (route.version.empty()) return {};
  }
  if (path.empty()) route.endpoint = Endpoint::model_metadata;
  if (path == "ready") route.endpoint = Endpoint::model_ready;
  if (path == "infer") route.endpoint = Endpoint::infer;
  return route;
}

}  // namespace

Route find_route(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  constexpr std::string_view kModels = "/v2/models/";
  if (path.starts_with(kModels)) return find_model_route(path.substr(kModels.size()));
  if (path == "/v2") return just(Endpoint::server_metadata);
  if (path == "/v2/health/live") return just(Endpoint::live);
  if (path == "/v2/health/ready") return just(Endpoint::ready);
  if (path == "/metrics") return just(Endpoint::metrics);
  if (path == "/release") return just(Endpoint::release);
  return {};
}

std::string_view allowed_methods(Endpoint endpoint) {
  const bool acts = endpoint == Endpoint::infer || endpoint == Endpoint::release;
  return acts ? "POST" : "GET, HEAD";
}

}  // namespace warmgate::model
