#include "policy/dispatcher.h"

#include <gtest/gtest.h>

namespace warmgate::policy {
namespace {

TEST(Dispatcher, first_step_probes_the_always_on_pool_and_nothing_else) {
  auto dispatcher = make_warmgate_dispatcher(ServiceSettings{}, 1);
  Actions out;
  dispatcher->step(Instant{1s}, TimerFired{}, out);
  dispatcher->check_invariants();
  ASSERT_EQ(out.size(), 1u);
  const auto& probe = std::get<StartProbe>(out[0]);
  EXPECT_EQ(probe.kind, ProbeKind::health);
  EXPECT_EQ(probe.backend, (BackendRef{PoolKind::always_on, 0}));
}

}  // namespace
}  // namespace warmgate::policy
