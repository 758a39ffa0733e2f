#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sweep/attempt/progress.h"

namespace archsweep {

inline constexpr int kBadLinesMax = 100;  // Of one attempt; it is ended when it wrote more.

// Cuts the bytes of a progress pipe into lines. Never holds more than one line of
// kProgressLineBytesMax; longer ones and ones that mean nothing are counted and dropped.
class ProgressReader {
 public:
  struct Output {
    std::vector<ProgressLine> lines;
    // One text a bad line, its beginning and what is wrong; none for lines above kBadLinesMax.
    std::vector<std::string> dropped;
  };

  Output Read(std::string_view bytes);

  // The end of all bytes: a last line without a newline was cut off and counts as bad.
  Output Finish();

  int BadLines() const { return bad_lines_; }

 private:
  void Take(std::string_view line, Output& output);
  void Drop(std::string_view line, const std::string& reason, Output& output);

  std::string pending_;
  bool skipping_ = false;  // Inside an over-long line whose beginning was dropped.
  int bad_lines_ = 0;
};

}  // namespace archsweep
