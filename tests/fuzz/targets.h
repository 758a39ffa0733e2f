#pragma once

#include <span>
#include <string_view>

namespace archsweep {

// A parser that takes any bytes: it may refuse them, but must not crash, hang or leak, and must
// write what it accepts so that it reads it again. A mistake ends the program.
struct FuzzTarget {
  std::string_view name;  // Also of its folder below tests/fuzz/corpus.
  void (*run)(std::string_view bytes);
};

std::span<const FuzzTarget> FuzzTargets();

// Whether a sweep file, right or not, asks for so few points that it can be expanded in no time.
bool HasFewPoints(std::string_view text);

void FuzzArchitecture(std::string_view bytes);
void FuzzControl(std::string_view bytes);
void FuzzEvaluation(std::string_view bytes);
void FuzzJob(std::string_view bytes);
void FuzzProgress(std::string_view bytes);
void FuzzSafetensors(std::string_view bytes);
void FuzzSweep(std::string_view bytes);
void FuzzTrial(std::string_view bytes);
void FuzzWire(std::string_view bytes);

}  // namespace archsweep
