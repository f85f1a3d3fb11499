// FuzzWorld: a gateway between clients and backends that do what the fuzzer's bytes say.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "fuzz_backend.h"
#include "gateway/gateway.h"
#include "script.h"
#include "support/memory_resolver.h"

namespace warmgate::test {

class FuzzWorld {
 public:
  explicit FuzzWorld(Script& script);

  void act();     // one decision
  void finish();  // lets all come to rest, and asserts what must hold then

 private:
  static constexpr size_t kMostClients = 12;

  void open_client();
  void send_request(RawPeer& client);
  void act_of_client();
  void act_of_backend();
  void check();
  RawPeer* client();

  Script& script_;
  MemoryLoop loop_;
  MemoryResolver resolver_{loop_};
  std::vector<std::unique_ptr<FuzzBackend>> backends_;
  gateway::Gateway gateway_;
  std::vector<std::unique_ptr<RawPeer>> clients_;
};

}  // namespace warmgate::test
