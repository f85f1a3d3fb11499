// WG_ASSERT checks an invariant of our own, in release builds too. A failure is a bug: it is
// printed, the failure hook runs if one is set (to save what helps to find it), and we abort.
#pragma once

namespace warmgate {

using AssertHook = void (*)(const char* condition, const char* what, const char* file, int line);

// Called before abort; nullptr for none. Not thread-safe: set it at start.
void set_assert_hook(AssertHook hook);

[[noreturn]] void assert_failed(const char* condition, const char* what, const char* file,
                                int line);

}  // namespace warmgate

#define WG_ASSERT(condition, what) \
  ((condition) ? void(0) : ::warmgate::assert_failed(#condition, what, __FILE__, __LINE__))
