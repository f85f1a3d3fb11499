// libFuzzer target: our reading of a message beside that of llhttp in its strict mode. The first
// byte chooses how it is read, as in src/http/head_fuzz.cc; the second is not used.
#include <cstdint>

#include "base/assert.h"
#include "llhttp_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warmgate;
  if (size < 2) return 0;
  http::testing::Reading reading;
  reading.response = (data[0] & 1) != 0;
  reading.upgrade_requested = (data[0] & 2) != 0;
  reading.request_method = (data[0] & 4) != 0 ? http::Method::head : http::Method::get;
  const test::Comparison found =
      test::compare_with_llhttp(reading, {reinterpret_cast<const char*>(data) + 2, size - 2});
  WG_ASSERT(found.opinion != test::Opinion::differs, found.detail.c_str());
  WG_ASSERT(found.opinion != test::Opinion::it_refuses || test::may_refuse(found),
            found.detail.c_str());
  return 0;
}
