#include "sweep/language/complaints.h"

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kMessageBytesMax = 600;  // Of a message; it can quote the file.

// What a file holds must not steer the terminal or break the lines of the output.
std::string Printable(std::string_view text) {
  const bool cut = text.size() > kMessageBytesMax;
  if (cut) {
    size_t end = kMessageBytesMax;
    while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    printable += byte < 0x20 || byte == 0x7F ? Format("\\x{:02x}", byte) : std::string(1, c);
  }
  return cut ? printable + " ..." : printable;
}

}  // namespace

void Complaints::Add(Position position, std::string_view message) {
  if (!Full()) messages_.emplace(position, Printable(message));
}

Error Complaints::AsError() const {
  CHECK(!Empty());
  std::string text;
  size_t shown = 0;
  for (const auto& [position, message] : messages_) {
    if (shown == kShownMax) break;
    text += Format("{}{}:{}:{}: {}", shown == 0 ? "" : "\n", file_, position.line, position.column,
                   message);
    ++shown;
  }
  if (messages_.size() > shown)
    text += Format("\n{}: and {} more", file_, messages_.size() - shown);
  return {ErrorKind::kInvalidInput, std::move(text)};
}

}  // namespace archsweep
