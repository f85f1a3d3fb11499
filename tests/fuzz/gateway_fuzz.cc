// libFuzzer target: the whole gateway over the network in memory. The bytes decide what clients and
// backends do, which of it is well-formed, and when.
//
// Holds.  No assertion fails, the policy's invariants hold after each decision, and in the end
// every
//         request is answered or its connection closed, and every slot given back.
#include <cstdint>

#include "fuzz_world.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  warmgate::test::play<warmgate::test::FuzzWorld>(data, size);
  return 0;
}
