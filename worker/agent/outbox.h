#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sweep/attempt/exchange.h"

namespace archsweep {

inline constexpr size_t kUnansweredLinesMax = 50'000;  // Of one attempt.

// What a line takes of a message.
int64_t WireBytesOf(const NumberedLine& line);

// The lines of one attempt that the coordinator has not answered for yet, with their numbers.
class Outbox {
 public:
  // Takes the next line. A step line replaces the one before it. Where the coordinator has been
  // away for very long, the oldest lines but the first ("started") make room: what matters in the
  // end is the final line.
  // Its number.
  int64_t Append(int64_t now_ms, ProgressLine line, std::string flags = "");

  // The oldest lines, as many as one call carries. `bytes` is the room left in the message and is
  // lowered by what was taken; the last line may exceed it.
  std::vector<NumberedLine> Oldest(int64_t& bytes) const;

  // A call that carried lines up to `number` was answered.
  void Answered(int64_t number);

  bool Empty() const { return lines_.empty(); }
  size_t Size() const { return lines_.size(); }
  bool HasFinal() const { return !lines_.empty() && IsFinal(lines_.back().line.line); }

  // When the first line came that waits here and is no step line.
  std::optional<int64_t> OldestLineMs() const;

 private:
  struct Waiting {
    NumberedLine line;
    int64_t came_ms = 0;
    bool IsStep() const { return std::holds_alternative<StepLine>(line.line); }
  };

  std::deque<Waiting> lines_;
  int64_t last_number_ = 0;
};

}  // namespace archsweep
