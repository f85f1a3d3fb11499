#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace warmgate {
namespace {
AssertHook g_hook = nullptr;
}

void set_assert_hook(AssertHook hook) {
  g_hook = hook;
}

void assert_failed(const char* condition, const char* what, const char* file, int line) {
  std::fprintf(stderr, "warmgate: broken invariant: %s (%s) at %s:%d\n", what, condition, file,
               line);
  if (g_hook != nullptr) g_hook(condition, what, file, line);
  std::abort();
}

}  // namespace warmgate
