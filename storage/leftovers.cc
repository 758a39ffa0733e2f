#include "storage/leftovers.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/id.h"
#include "base/text.h"
#include "storage/reader.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

// A task that has not succeeded, or will be tried again, may go on from any of its checkpoints.
constexpr std::string_view kMayGoOn =
    "SELECT count(*) FROM task k LEFT JOIN trial t ON t.key = k.trial "
    "LEFT JOIN evaluation e ON e.key = k.evaluation "
    "WHERE iif(k.evaluation IS NULL, t.id, e.id) = ?1 AND k.state <> 'succeeded'";
constexpr std::string_view kWeights =
    "SELECT g.folder FROM training g JOIN trial t ON t.key = g.trial "
    "WHERE t.id = ?1 AND g.folder IS NOT NULL UNION ALL "
    "SELECT g.best_folder FROM training g JOIN trial t ON t.key = g.trial "
    "WHERE t.id = ?1 AND g.best_folder IS NOT NULL";
constexpr std::string_view kArtifacts =
    "SELECT r.artifact FROM result r JOIN evaluation e ON e.key = r.evaluation "
    "WHERE e.id = ?1 AND r.artifact IS NOT NULL";
constexpr std::string_view kIsLive =
    "SELECT count(*) FROM attempt WHERE token = ?1 AND ended_ms IS NULL";
constexpr std::string_view kIsKnown = "SELECT count(*) FROM attempt WHERE token = ?1";

Error CannotRead(const fs::path& path, const std::error_code& error) {
  return {ErrorKind::kIo, Format("{}: cannot be read: {}", path.string(), error.message())};
}

// In the order of their names; nothing where there is no folder.
Result<std::vector<fs::path>> EntriesOf(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return tl::unexpected(CannotRead(folder, error));
  }
  std::ranges::sort(entries);
  return entries;
}

bool IsWithin(const fs::path& path, const fs::path& folder) {
  const auto [rest, end] = std::ranges::mismatch(folder, path);
  return rest == folder.end();
}

class Search {
 public:
  Search(Database& database, fs::path shared, fs::file_time_type newest,
         const LeftoverBounds& bounds)
      : database_(database), shared_(std::move(shared)), newest_(newest), bounds_(bounds) {}

  Result<std::vector<Leftover>> Run() {
    TRY(LookAtLogs());
    TRY(LookAtTasks("checkpoints", kWeights));
    TRY(LookAtTasks("artifacts", kArtifacts));
    return std::move(found_);
  }

 private:
  Status LookAtLogs() {
    TRY_ASSIGN(const auto logs, EntriesOf(shared_ / "logs"));
    for (const fs::path& log : logs) {
      TRY(bounds_.go_on());
      if (IsFull()) break;
      const auto token = ParseInteger(log.stem().string());
      if (!token || log.extension() != ".log") continue;
      TRY_ASSIGN(const bool known, Counts(kIsKnown, int64_t{*token}));
      if (!known) TRY(Take(log));
    }
    return {};
  }

  // FOLDER/ID/TOKEN, of which `named` gives what is needed.
  Status LookAtTasks(const char* folder, std::string_view named) {
    TRY_ASSIGN(const auto tasks, EntriesOf(shared_ / folder));
    for (const fs::path& task : tasks) {
      TRY(bounds_.go_on());
      if (IsFull()) break;
      const std::string id = task.filename().string();
      if (!ParseId<TrialId>(id)) continue;  // Ids of evaluations look the same.
      TRY_ASSIGN(const bool may_go_on, Counts(kMayGoOn, std::string_view(id)));
      if (may_go_on) continue;
      TRY_ASSIGN(const auto needed, PathsOf(named, id));
      TRY_ASSIGN(const auto attempts, EntriesOf(task));
      for (const fs::path& attempt : attempts) TRY(LookAtAttempt(attempt, needed));
    }
    return {};
  }

  Status LookAtAttempt(const fs::path& attempt, const std::vector<fs::path>& needed) {
    const auto token = ParseInteger(attempt.filename().string());
    if (!token) return {};
    TRY_ASSIGN(const bool is_live, Counts(kIsLive, int64_t{*token}));
    return is_live ? Status() : LookAt(attempt, needed);
  }

  // Of a folder with something that is needed, what is beside it.
  Status LookAt(const fs::path& path, const std::vector<fs::path>& needed) {
    const auto contains = [&](const fs::path& one) { return IsWithin(one, path); };
    if (std::ranges::none_of(needed, contains)) return Take(path);
    if (std::ranges::find(needed, path) != needed.end()) return {};
    TRY_ASSIGN(const auto entries, EntriesOf(path));
    for (const fs::path& entry : entries) TRY(LookAt(entry, needed));
    return {};
  }

  // Unless something in it is too young. What vanishes meanwhile is not there any more.
  Status Take(const fs::path& path) {
    if (IsFull()) return {};
    std::error_code error;
    Leftover leftover{.path = path};
    const auto is_young = [&](const fs::path& file) {
      const auto written = fs::last_write_time(file, error);
      if (fs::is_regular_file(fs::symlink_status(file, error))) {
        leftover.bytes += static_cast<int64_t>(fs::file_size(file, error));
      }
      return !error && written > newest_;
    };
    if (is_young(path)) return {};
    if (fs::is_directory(fs::symlink_status(path, error))) {
      for (fs::recursive_directory_iterator file(path, error), end; !error && file != end;
           file.increment(error)) {
        TRY(bounds_.go_on());
        if (is_young(file->path())) return {};
      }
    }
    if (error == std::errc::no_such_file_or_directory) return {};
    if (error) return tl::unexpected(CannotRead(path, error));
    found_.push_back(std::move(leftover));
    return {};
  }

  bool IsFull() const { return found_.size() >= bounds_.count_max; }

  template <class Value>
  Result<bool> Counts(std::string_view sql, const Value& value) {
    TRY_ASSIGN(const auto count, database_.Integer(sql, value));
    return count.value_or(0) > 0;
  }

  Result<std::vector<fs::path>> PathsOf(std::string_view sql, std::string_view id) {
    TRY_ASSIGN(Statement rows, database_.Query(sql, id));
    std::vector<fs::path> paths;
    while (true) {
      TRY_ASSIGN(const bool found, rows.Step());
      if (!found) return paths;
      paths.push_back(shared_ / rows.Text(0));
    }
  }

  Database& database_;
  const fs::path shared_;
  const fs::file_time_type newest_;
  const LeftoverBounds& bounds_;
  std::vector<Leftover> found_;
};

}  // namespace

Result<std::vector<Leftover>> FindLeftovers(const fs::path& state_folder,
                                            const fs::path& shared_folder, int64_t age_ms,
                                            const Clock& clock, const LeftoverBounds& bounds) {
  if (age_ms < kLeastLeftoverAgeMs) {
    return Fail(ErrorKind::kInvalidInput,
                Format("what is younger than {} is never removed, and {} is asked for",
                       HumanDuration(kLeastLeftoverAgeMs / 1000.0),
                       HumanDuration(static_cast<double>(age_ms) / 1000)));
  }
  TRY_ASSIGN(Reader reader, Reader::Open(state_folder, clock));
  const auto newest = fs::file_time_type::clock::now() - std::chrono::milliseconds(age_ms);
  return Search(reader.Connection(), shared_folder, newest, bounds).Run();
}

Status Remove(const Leftover& leftover) {
  std::error_code error;
  fs::remove_all(leftover.path, error);
  if (!error) return {};
  return Fail(ErrorKind::kIo,
              Format("{}: cannot be removed: {}", leftover.path.string(), error.message()));
}

}  // namespace archsweep
