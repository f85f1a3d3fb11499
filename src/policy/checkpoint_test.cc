#include "policy/checkpoint.h"

#include <gtest/gtest.h>

#include "policy/random_world.h"
#include "policy/warmgate_dispatcher.h"

namespace warmgate::policy {
namespace {

std::string saved(const WarmgateDispatcher& dispatcher) {
  std::string bytes;
  dispatcher.save(bytes);
  return bytes;
}

// Before one step in `every`, the policy is saved, thrown away, and loaded into a fresh one that
// had other settings and another seed.
class Reborn final : public Dispatcher {
 public:
  Reborn(const ServiceSettings& settings, uint64_t seed, uint64_t every)
      : every_(every),
        prng_(seed),
        dispatcher_(std::make_unique<WarmgateDispatcher>(settings, seed)) {}

  void step(Instant now, const Event& event, Actions& out) override {
    if (prng_.below(every_) == 0) be_reborn();
    dispatcher_->step(now, event, out);
  }
  void check_invariants() const override { dispatcher_->check_invariants(); }
  ServiceStatus status(Instant now) const override { return dispatcher_->status(now); }

 private:
  void be_reborn() {
    const std::string before = saved(*dispatcher_);
    dispatcher_ = std::make_unique<WarmgateDispatcher>(ServiceSettings{}, 4711);
    ASSERT_TRUE(dispatcher_->load(before));
    ASSERT_EQ(saved(*dispatcher_), before);
  }

  uint64_t every_;
  Prng prng_;
  std::unique_ptr<WarmgateDispatcher> dispatcher_;
};

TEST(Checkpoint, a_loaded_policy_goes_on_bit_for_bit_in_any_world) {
  for (uint64_t seed = 1; seed <= 110 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const WorldSettings world = seed <= 100 ? random_world(seed) : hourly_world(seed);
    TestWorld undisturbed(world, seed);
    undisturbed.run();
    TestWorld disturbed(world, seed, std::make_unique<Reborn>(world.service, seed, 20));
    disturbed.run();
    EXPECT_EQ(disturbed.complaint(), "");
    EXPECT_EQ(disturbed.digest(), undisturbed.digest());
    EXPECT_EQ(disturbed.answered(), undisturbed.answered());
    EXPECT_EQ(disturbed.rejected(), undisturbed.rejected());
  }
}

// A state with requests that wait, run and are bypassed, wakes in flight, and learned times.
std::string busy_state() {
  ServiceSettings settings;
  settings.always_on.concurrency = 2;
  WarmgateDispatcher dispatcher(settings, 1);
  Actions actions;
  for (uint64_t id = 1; id <= 20; ++id) {
    const Instant now{std::chrono::milliseconds(1000 + id)};
    RequestArrived arrived;
    arrived.request = RequestId{id};
    dispatcher.step(now, arrived, actions);
    if (id % 4 == 0) dispatcher.step(now, ReplayLost{RequestId{id}}, actions);
  }
  return saved(dispatcher);
}

TEST(Checkpoint, what_is_too_short_or_too_long_is_refused) {
  const std::string bytes = busy_state();
  for (size_t length = 0; length < bytes.size(); length += length < 2000 ? 1 : 97) {
    WarmgateDispatcher dispatcher(ServiceSettings{}, 1);
    EXPECT_FALSE(dispatcher.load(std::string_view(bytes).substr(0, length))) << length;
  }
  WarmgateDispatcher dispatcher(ServiceSettings{}, 1);
  EXPECT_FALSE(dispatcher.load(bytes + "x"));
  EXPECT_TRUE(WarmgateDispatcher(ServiceSettings{}, 1).load(bytes));
}

// Whatever a changed byte does, reading stays within memory (the sanitizers watch), and a state
// that was taken is one that can be saved again as it was.
TEST(Checkpoint, changed_bytes_are_refused_or_are_another_state) {
  const std::string bytes = busy_state();
  Prng prng(1);
  uint64_t refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = bytes;
    changed[prng.below(changed.size())] ^= static_cast<char>(1 + prng.below(255));
    WarmgateDispatcher dispatcher(ServiceSettings{}, 1);
    if (!dispatcher.load(changed)) {
      ++refused;
      continue;
    }
    EXPECT_EQ(saved(dispatcher), changed);
  }
  EXPECT_GT(refused, 30u);
}

struct Small {
  uint32_t a = 0;
  bool b = false;
};
struct Other {
  uint32_t a = 0;
  uint8_t b = 0;
};
class Forgetful {
 public:
  template <class Visitor>
  auto visit(Visitor&& visitor) {
    return visitor(first);
  }
  uint64_t first = 0;
  uint64_t second = 0;
};

static_assert(all_named<Small>());
static_assert(!all_named<Forgetful>());
static_assert(layout<Small>() != layout<Other>());
static_assert(layout<std::vector<Small>>() != layout<Small>());
static_assert(layout<WarmgateDispatcher>() != 0);

}  // namespace
}  // namespace warmgate::policy
