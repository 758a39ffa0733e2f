#include "worker/agent/outbox.h"

#include <algorithm>
#include <utility>

namespace archsweep {
namespace {

constexpr int64_t kFramingBytes = 32;  // Of a line within a message.

}  // namespace

int64_t WireBytesOf(const NumberedLine& line) {
  return kFramingBytes + static_cast<int64_t>(ToText(line.line).size() + line.flags.size());
}

int64_t Outbox::Append(int64_t now_ms, ProgressLine line, std::string flags) {
  Waiting waiting{
      .line = {.number = ++last_number_, .line = std::move(line), .flags = std::move(flags)},
      .came_ms = now_ms};
  if (waiting.IsStep()) {
    const auto older = std::ranges::find_if(lines_, &Waiting::IsStep);
    if (older != lines_.end()) lines_.erase(older);
  }
  if (lines_.size() >= kUnansweredLinesMax) lines_.erase(lines_.begin() + 1);
  lines_.push_back(std::move(waiting));
  return last_number_;
}

std::vector<NumberedLine> Outbox::Oldest(int64_t& bytes) const {
  std::vector<NumberedLine> oldest;
  for (const Waiting& waiting : lines_) {
    if (bytes <= 0 || oldest.size() == kLinesPerReportMax) break;
    bytes -= WireBytesOf(waiting.line);
    oldest.push_back(waiting.line);
  }
  return oldest;
}

void Outbox::Answered(int64_t number) {
  std::erase_if(lines_, [&](const Waiting& waiting) { return waiting.line.number <= number; });
}

std::optional<int64_t> Outbox::OldestLineMs() const {
  const auto found =
      std::ranges::find_if(lines_, [](const Waiting& waiting) { return !waiting.IsStep(); });
  if (found == lines_.end()) return std::nullopt;
  return found->came_ms;
}

}  // namespace archsweep
