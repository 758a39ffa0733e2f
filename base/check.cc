#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace archsweep {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "archsweep: internal error: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace archsweep
