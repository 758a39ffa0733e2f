#include "tests/fuzz/targets.h"

#include <array>

namespace archsweep {

std::span<const FuzzTarget> FuzzTargets() {
  static constexpr std::array kTargets = {FuzzTarget{"architecture", FuzzArchitecture},
                                          FuzzTarget{"control", FuzzControl},
                                          FuzzTarget{"evaluation", FuzzEvaluation},
                                          FuzzTarget{"job", FuzzJob},
                                          FuzzTarget{"progress", FuzzProgress},
                                          FuzzTarget{"safetensors", FuzzSafetensors},
                                          FuzzTarget{"sweep", FuzzSweep},
                                          FuzzTarget{"trial", FuzzTrial},
                                          FuzzTarget{"wire", FuzzWire}};
  return kTargets;
}

}  // namespace archsweep
