#include "worker/agent/attempt_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "sweep/attempt/exchange.h"
#include "worker/agent/folders.h"
#include "worker/agent/spool.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJobName = "job.json";
constexpr const char* kMpirunPrefix = "ompi.";  // Of a folder of its own, left where it was killed.
constexpr int kFileMode = 0644;
constexpr size_t kFilesHandedOnMax = 16;
constexpr size_t kTailBytes = 2048;
constexpr size_t kLastOutputBytesMax = 300;

// Not synced: after a power failure nobody reads it. What was there is written over and then cut
// to length, for a file system may hurry to its disk what is written after a cut to nothing.
Status WriteFile(const fs::path& path, std::string_view content) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kFileMode));
  if (!fd.Valid()) return tl::unexpected(SystemError(path, "be created"));
  if (write(fd.Get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()) ||
      ftruncate(fd.Get(), static_cast<off_t>(content.size())) != 0) {
    return tl::unexpected(SystemError(path, "be written"));
  }
  return {};
}

// One descriptor for both ends: without a writer it would seem to be at its end before the trainer
// has opened it.
Result<UniqueFd> MakePipe(fs::path& path) {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) {
    return tl::unexpected(SystemError("a pipe", "be made"));
  }
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  const auto path_of = [](const UniqueFd& fd) {
    return fs::path(Format("/proc/{}/fd/{}", getpid(), fd.Get()));
  };
  UniqueFd both(open(path_of(reader).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!both.Valid()) return tl::unexpected(SystemError(path_of(reader), "be opened"));
  path = path_of(both);
  return both;
}

Status MakeEmpty(const fs::path& folder, Spares& folders) {
  std::error_code error;
  if (folders.Take(folder) || fs::create_directory(folder, error)) return {};
  fs::remove_all(folder, error);
  return CreateFolders(folder);
}

bool MakeEmptyFile(const fs::path& path) {
  return UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode)).Valid();
}

bool MakeLog(const fs::path& path, Spares& logs) {
  if (logs.Take(path) || MakeEmptyFile(path)) return true;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  return MakeEmptyFile(path);
}

int64_t BitsIn(std::string_view bytes) {
  int64_t bits = 0;
  for (const char byte : bytes) bits += std::popcount(static_cast<unsigned char>(byte));
  return bits;
}

}  // namespace

Result<PreparedAttempt> AttemptFolder::Prepare(const fs::path& folder, const fs::path& shared_log,
                                               AttemptSpares& spares, Job job) {
  TRY(MakeEmpty(folder, spares.folders));
  job.attempt_folder = folder;
  AttemptPipes pipes;
  TRY_ASSIGN(pipes.progress, MakePipe(job.progress_pipe));
  TRY_ASSIGN(pipes.control, MakePipe(job.control_pipe));
  TRY_ASSIGN(pipes.lifeline, MakePipe(job.lifeline_pipe));
  TRY(WriteFile(folder / kJobName, ToJson(job).dump() + "\n"));
  const bool is_shared = MakeLog(shared_log, spares.logs);
  return PreparedAttempt{AttemptFolder(folder, is_shared ? shared_log : folder / "log"),
                         std::move(pipes), std::move(job)};
}

void AttemptFolder::NoteInLog(const std::string& text) const {
  const UniqueFd fd(open(Log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode));
  const std::string line = Format("archsweep: {}\n", text);
  // The log is for people; a full disk is told by what needs the space.
  [[maybe_unused]] const ssize_t written = write(fd.Get(), line.data(), line.size());
}

std::string AttemptFolder::LastOutput() const {
  const UniqueFd fd(open(Log().c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!fd.Valid() || fstat(fd.Get(), &info) != 0) return "";
  std::string tail(kTailBytes, '\0');
  const off_t begin = std::max<off_t>(0, info.st_size - static_cast<off_t>(tail.size()));
  const ssize_t count = pread(fd.Get(), tail.data(), tail.size(), begin);
  tail.resize(count > 0 ? static_cast<size_t>(count) : 0);
  // mpirun draws a line below what it says.
  const size_t last = tail.find_last_not_of("- \t\r\n");
  if (last == std::string::npos) return "";
  tail.resize(std::min(tail.size(), tail.find_first_of("\r\n", last)));
  const size_t newline = tail.rfind('\n');
  std::string line = newline == std::string::npos ? tail : tail.substr(newline + 1);
  if (line.size() > kLastOutputBytesMax) line.resize(kLastOutputBytesMax);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

void AttemptFolder::BoundLog() const {
  std::error_code error;
  const uintmax_t size = fs::file_size(Log(), error);
  if (error || size <= kLogBytesMax) return;
  // The trainer appends, so it goes on at the new end.
  if (truncate(Log().c_str(), 0) == 0) {
    NoteInLog(Format("{} bytes of output were dropped here; a log holds {}", size, kLogBytesMax));
  }
}

Result<std::string> AttemptFolder::ReadFlags(const EvaluatedLine& line) const {
  const fs::path name = fs::path(line.flags_file);
  if (!IsName(name)) {
    return Fail(ErrorKind::kInvalidInput,
                Format("flags file '{}' is no name in the attempt's folder", line.flags_file));
  }
  const fs::path path = folder_ / name;
  TRY_ASSIGN(std::string flags, ReadFile(path, kFlagsBytesMax));
  const int64_t bytes = static_cast<int64_t>(flags.size());
  if (line.images < 0 || bytes != line.images / 8 + (line.images % 8 != 0)) {
    return Fail(ErrorKind::kCorrupt,
                Format("{}: has {} bytes, which is not one bit for each of {} images",
                       path.string(), bytes, line.images));
  }
  if (BitsIn(flags) != line.correct) {
    return Fail(ErrorKind::kCorrupt, Format("{}: says that {} images are right, its line says {}",
                                            path.string(), BitsIn(flags), line.correct));
  }
  return flags;
}

void AttemptFolder::HandOn(Spares& folders) const {
  const std::vector<fs::path> entries = EntriesIn(folder_);
  if (entries.size() > kFilesHandedOnMax) return Remove(folder_);
  for (const fs::path& entry : entries) {
    // These are written anew, and the spool is empty already.
    if (entry.filename() == kJobName || entry.filename() == kSpoolName) continue;
    std::error_code error;
    const bool is_file = fs::is_regular_file(fs::symlink_status(entry, error));
    if (!is_file || truncate(entry.c_str(), 0) != 0) Remove(entry);
  }
  folders.Keep(folder_);
}

void AttemptFolder::RemoveSessions() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().filename().string().starts_with(kMpirunPrefix)) {
      fs::remove_all(entry.path(), error);
    }
  }
}

}  // namespace archsweep
