#include "worker/agent/progress_reader.h"

#include <utility>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kQuotedBytesMax = 120;

}  // namespace

ProgressReader::Output ProgressReader::Read(std::string_view bytes) {
  Output output;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (!skipping_ && pending_.size() + piece.size() >= kProgressLineBytesMax) {
      pending_.append(piece.substr(0, kQuotedBytesMax));
      Drop(pending_, Format("longer than {} bytes", kProgressLineBytesMax), output);
      pending_.clear();
      skipping_ = true;
    }
    if (!skipping_) pending_.append(piece);
    if (end == std::string_view::npos) break;
    if (!std::exchange(skipping_, false)) Take(pending_, output);
    pending_.clear();
    bytes.remove_prefix(end + 1);
  }
  return output;
}

ProgressReader::Output ProgressReader::Finish() {
  Output output;
  if (!pending_.empty()) Drop(pending_, "it has no end", output);
  pending_.clear();
  skipping_ = false;
  return output;
}

void ProgressReader::Take(std::string_view line, Output& output) {
  auto parsed = ParseProgress(line);
  if (parsed) {
    output.lines.push_back(*std::move(parsed));
  } else {
    Drop(line, parsed.error().message, output);
  }
}

void ProgressReader::Drop(std::string_view line, const std::string& reason, Output& output) {
  if (++bad_lines_ > kBadLinesMax) return;
  output.dropped.push_back(Format("'{}': {}", line.substr(0, kQuotedBytesMax), reason));
}

}  // namespace archsweep
