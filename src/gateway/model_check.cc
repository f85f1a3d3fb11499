#include "gateway/model_check.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace warmgate::gateway {
namespace {

using Json = nlohmann::json;
using policy::PoolKind;

// The model's signature as comparable text: tensors in order, each with name, type and shape.
std::string signature(const Json& document, const char* key) {
  std::string out;
  for (const Json& tensor : document.value(key, Json::array())) {
    if (!out.empty()) out += ", ";
    out += tensor.value("name", "?") + " " + tensor.value("datatype", "?") + " " +
           tensor.value("shape", Json::array()).dump();
  }
  return out;
}

std::string said(const Json& document, const char* key) {
  if (std::string_view(key) == "inputs" || std::string_view(key) == "outputs") {
    return signature(document, key);
  }
  return document.contains(key) ? document.at(key).dump() : "nothing";
}

}  // namespace

Result<std::vector<std::string>> compare_models(std::string_view always_on,
                                                std::string_view serverless) {
  const Json a = Json::parse(always_on, nullptr, false);
  const Json b = Json::parse(serverless, nullptr, false);
  const auto is_metadata = [](const Json& document) {
    return document.is_object() && document.contains("name");
  };
  if (!is_metadata(a)) return Error{"the always-on pool's model metadata is not understood"};
  if (!is_metadata(b)) return Error{"the serverless pool's model metadata is not understood"};
  std::vector<std::string> differences;
  try {
    for (const char* key : {"name", "versions", "platform", "inputs", "outputs"}) {
      const std::string of_a = said(a, key), of_b = said(b, key);
      if (of_a == of_b || differences.size() == kMaxDifferences) continue;
      differences.push_back(std::string(key) + ": always-on says " + of_a + ", serverless says " +
                            of_b);
    }
  } catch (const Json::exception&) {
    return Error{"model metadata has fields of unexpected types"};
  }
  return differences;
}

ModelCheck::ModelCheck(net::Loop& loop, const config::ModelCheck& config, std::string service)
    : loop_(loop),
      path_(config.path),
      service_(std::move(service)),
      state_(config.enabled && !config.name.empty() ? State::pending : State::off) {}

void ModelCheck::on_answer(PoolKind pool, transport::ClientPool& connections,
                           const std::string& authority, const std::string& base_path) {
  if (state_ == State::off) return;
  const auto index = static_cast<size_t>(pool);
  const Instant now = loop_.now();
  if (probes_[index] != nullptr || (asked_[index] && now - asked_at_[index] < kInterval)) return;
  asked_[index] = true;
  asked_at_[index] = now;
  ProbeRequest request;
  request.path = base_path + path_;
  request.authority = authority;
  request.timeout = kTimeout;
  request.keep_body = kMaxMetadata;
  probes_[index] = std::make_unique<Probe>(
      loop_, connections, request,
      [this, pool](const ProbeResult& result) { on_metadata(pool, result); });
}

void ModelCheck::on_metadata(PoolKind pool, const ProbeResult& result) {
  const auto index = static_cast<size_t>(pool);
  const std::unique_ptr<Probe> probe = std::move(probes_[index]);
  if (result.status == 404 || result.status == 405) {
    state_ = State::unavailable;  // a backend without the protocol: nothing to compare
    return;
  }
  if (result.outcome != policy::Outcome::ok) return;
  metadata_[index] = result.body;
  if (metadata_[0] && metadata_[1]) compare();
}

void ModelCheck::compare() {
  const auto compared = compare_models(*metadata_[0], *metadata_[1]);
  if (!compared) {
    state_ = State::unavailable;
    log_warning("gateway", "service " + service_ + ": " + compared.error().message +
                               "; whether both pools serve the same model is not known");
    return;
  }
  const State before = state_;
  differences_ = *compared;
  state_ = differences_.empty() ? State::same : State::different;
  if (state_ == before) return;
  if (state_ == State::same) {
    log_info("gateway", "service " + service_ + ": both pools serve the same model");
  }
  for (const std::string& difference : differences_) {
    log_warning("gateway",
                "service " + service_ + ": the pools serve different models: " + difference);
  }
}

std::string_view name(ModelCheck::State state) {
  constexpr std::string_view kNames[] = {"off", "pending", "same", "different", "unavailable"};
  return kNames[static_cast<size_t>(state)];
}

}  // namespace warmgate::gateway
