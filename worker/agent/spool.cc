#include "worker/agent/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/text.h"
#include "worker/agent/folders.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;
constexpr int kFileMode = 0600;

fs::path FileOf(const fs::path& attempt_folder) { return attempt_folder / kSpoolName; }

std::string HexOf(std::string_view bytes) {
  return Hex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

std::optional<int> DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

Result<std::string> BytesOfHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const auto high = DigitOf(text[i]);
    const auto low = DigitOf(text[i + 1]);
    if (!high || !low) break;
    bytes.push_back(static_cast<char>(*high << 4 | *low));
  }
  if (2 * bytes.size() == text.size()) return bytes;
  return Fail(ErrorKind::kCorrupt, "flags: are no hexadecimal digits");
}

// Sets `use` where the line has one with it.
Result<NumberedLine> ReadLine(std::string_view text, std::optional<ResourceUse>& use) {
  TRY_ASSIGN(const Json json, ParseJson(text));
  NumberedLine line;
  try {
    json.at("number").get_to(line.number);
    TRY_ASSIGN(line.line, ParseProgress(json.at("line").get<std::string>()));
    TRY_ASSIGN(line.flags, BytesOfHex(json.at("flags").get<std::string>()));
    if (json.contains("use")) {
      TRY_ASSIGN(use, ParseUse(json.at("use")));
    }
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt, error.what());
  }
  return line;
}

Result<SpooledAttempt> ReadHead(std::string_view text) {
  TRY_ASSIGN(const Json json, ParseJson(text));
  SpooledAttempt attempt;
  try {
    if (json.at("version").get<int>() != kVersion) {
      return Fail(ErrorKind::kCorrupt, "is of another version");
    }
    TRY_ASSIGN(attempt.worker, ParseId<WorkerId>(json.at("worker").get<std::string>()));
    json.at("token").get_to(attempt.observed.token.value);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt, error.what());
  }
  return attempt;
}

Result<SpooledAttempt> ReadSpool(const fs::path& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kSpoolBytesMax));
  if (text.empty()) return Fail(ErrorKind::kNotFound, "was cleared");
  // What follows the last newline was being written when the agent ended.
  std::vector<std::string> lines = Split(text, '\n');
  lines.pop_back();
  if (lines.empty()) return Fail(ErrorKind::kCorrupt, "is empty");
  TRY_ASSIGN(SpooledAttempt attempt, ReadHead(lines.front()));
  for (size_t i = 1; i < lines.size(); ++i) {
    auto line = ReadLine(lines[i], attempt.observed.use);
    if (!line) {
      LogWarning("{}: line {}: {}", path.string(), i + 1, line.error().message);
      break;
    }
    attempt.observed.lines.push_back(*std::move(line));
  }
  return attempt;
}

}  // namespace

void Spool::Append(const NumberedLine& line, const std::optional<ResourceUse>& use) {
  if (failed_ || std::holds_alternative<StepLine>(line.line)) return;
  std::string text;
  if (!file_.Valid()) {
    std::error_code ignored;
    fs::create_directories(folder_, ignored);
    file_ = UniqueFd(
        open(FileOf(folder_).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
    const Json head = {{"version", kVersion}, {"worker", ToHex(worker_)}, {"token", token_.value}};
    text = head.dump() + "\n";
  }
  Json json = {{"number", line.number}, {"line", ToText(line.line)}, {"flags", HexOf(line.flags)}};
  if (use && IsFinal(line.line)) json["use"] = ToJson(*use);
  if (Write(text + json.dump() + "\n")) return;
  failed_ = true;
  LogWarning(
      "{}: cannot be written; what the coordinator is not told of this attempt is lost "
      "with this agent",
      FileOf(folder_).string());
}

bool Spool::Write(const std::string& text) {
  bytes_ += static_cast<int64_t>(text.size());
  return file_.Valid() && bytes_ <= kSpoolBytesMax &&
         write(file_.Get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void Spool::Clear() {
  if (!file_.Valid()) return;
  // What cannot be emptied may not be told as the lines of another life.
  if (ftruncate(file_.Get(), 0) != 0) RemoveSpool(folder_);
  file_.Close();
}

std::vector<SpooledAttempt> ReadSpools(const fs::path& attempts_folder) {
  std::vector<SpooledAttempt> attempts;
  for (const fs::path& folder : EntriesIn(attempts_folder)) {
    auto attempt = ReadSpool(FileOf(folder));
    if (attempt) {
      attempts.push_back(*std::move(attempt));
    } else if (attempt.error().kind != ErrorKind::kNotFound) {
      LogWarning("{}: cannot be used: {}", FileOf(folder).string(), attempt.error().message);
    }
  }
  return attempts;
}

void RemoveSpool(const fs::path& attempt_folder) {
  std::error_code ignored;
  fs::remove(FileOf(attempt_folder), ignored);
}

}  // namespace archsweep
