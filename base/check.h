#pragma once

namespace archsweep {

// Prints where and what to stderr and aborts. Called by CHECK only.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace archsweep

// Asserts what only a bug can break; stays on in release builds. Never used for input or the state
// of the world. torch's headers define a CHECK of their own through glog-like logging; ours wins
// where both are seen.
#ifdef CHECK
#undef CHECK
#endif
#define CHECK(condition)                  \
  (static_cast<bool>(condition) ? (void)0 \
                                : ::archsweep::CheckFailed(#condition, __FILE__, __LINE__))
