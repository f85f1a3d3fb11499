// ModelCheck: do both pools serve the same model? It compares what their metadata endpoints say
// (Open Inference Protocol: name, versions, inputs, outputs). A difference is a warning in log,
// status and metrics: answers would depend on the pool.
//
// Economy.  A serverless pool is asked only when it has just answered something else, and both are
//           asked at most once per kInterval.
// Source.   KServe Open Inference Protocol v2, model metadata.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/probe.h"
#include "net/loop.h"
#include "policy/events.h"

namespace warmgate::gateway {

// What two metadata documents disagree about, one sentence each, at most kMaxDifferences; an Error
// when one of them is not a metadata document.
inline constexpr size_t kMaxDifferences = 8;
Result<std::vector<std::string>> compare_models(std::string_view always_on,
                                                std::string_view serverless);

class ModelCheck {
 public:
  enum class State : uint8_t { off, pending, same, different, unavailable };

  ModelCheck(net::Loop& loop, const config::ModelCheck& config, std::string service);

  // A backend has just answered: an occasion to ask it, if it is time.
  void on_answer(policy::PoolKind pool, transport::ClientPool& connections,
                 const std::string& authority, const std::string& base_path);

  State state() const { return state_; }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  static constexpr Duration kInterval = 10min;
  static constexpr Duration kTimeout = 5s;
  static constexpr size_t kMaxMetadata = 256 * 1024;

  void on_metadata(policy::PoolKind pool, const ProbeResult& result);
  void compare();

  net::Loop& loop_;
  const std::string path_;
  const std::string service_;
  State state_;
  std::array<std::unique_ptr<Probe>, 2> probes_;  // by pool
  std::array<Instant, 2> asked_at_{};
  std::array<bool, 2> asked_{};
  std::array<std::optional<std::string>, 2> metadata_;
  std::vector<std::string> differences_;
};

std::string_view name(ModelCheck::State state);

}  // namespace warmgate::gateway
