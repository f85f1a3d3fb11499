// Exit statuses of `warmgate serve`, as in sysexits.h, so that a script can tell causes apart.
// docs/operations.md lists those of all commands.
#pragma once

namespace warmgate::cli {

inline constexpr int kExitUsage = 64;           // flags that do not fit together
inline constexpr int kExitUnresolvedName = 68;  // a backend's name has no address
inline constexpr int kExitCannotListen = 69;    // a port is in use, say
inline constexpr int kExitFewDescriptors = 71;  // the limit of file descriptors is too low

}  // namespace warmgate::cli
