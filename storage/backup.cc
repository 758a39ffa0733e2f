#include "storage/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "storage/reader.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

Status CopyPages(Database& from, Database& to) {
  const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(to.Handle(), "main", from.Handle(), "main"));
  // All pages at once: of one moment, which the log keeps for us while others write.
  if (backup == nullptr || sqlite3_backup_step(backup.get(), -1) != SQLITE_DONE) {
    return tl::unexpected(DatabaseError(to.Handle(), "cannot copy the database"));
  }
  return {};
}

// Without a write-ahead log beside it the copy is one file, and can be read where nothing can be
// written.
Status MakeOneFile(Database& copy) {
  TRY_ASSIGN(Statement mode, copy.Query("PRAGMA journal_mode = DELETE"));
  TRY(mode.Step());
  return {};
}

tl::unexpected<Error> Damaged(const fs::path& path, std::string_view finding) {
  return Fail(ErrorKind::kCorrupt,
              Format("{}: the database is damaged, and there is no copy: {}; 'archsweep check' "
                     "tells all of it",
                     path.string(), finding));
}

Result<IntegrityReport> Examine(const fs::path& path) {
  TRY_ASSIGN(Database copy, Database::Open(path, OpenMode::kReadOnly));
  IntegrityReport report;
  TRY(CheckDatabase(copy, report));
  if (report.findings.empty()) return report;
  return Damaged(path, report.findings.front());
}

Result<IntegrityReport> WriteCopy(Database& from, const fs::path& path) {
  TRY(CopyDatabase(from, path));
  return Examine(path);
}

tl::unexpected<Error> Exists(const fs::path& path) {
  return Fail(ErrorKind::kInvalidInput,
              Format("{}: exists already, and a copy never replaces a file; give another name",
                     path.string()));
}

// Gives the whole file its name, which nobody else may have taken meanwhile.
Status Publish(const fs::path& temporary, const fs::path& path) {
  if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) return Exists(path);
    // Not every file system knows how not to replace.
    if (errno != EINVAL || rename(temporary.c_str(), path.c_str()) != 0) {
      return tl::unexpected(SystemError(path, "be created"));
    }
  }
  return SyncFolder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void Remove(const fs::path& database) {
  std::error_code ignored;
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    fs::remove(database.string() + suffix, ignored);
  }
}

}  // namespace

Status CopyDatabase(Database& from, const fs::path& path) {
  TRY_ASSIGN(Database copy, Database::Open(path, OpenMode::kReadWrite));
  TRY(CopyPages(from, copy));
  TRY(MakeOneFile(copy));
  TRY_ASSIGN(Statement rows, copy.Query("PRAGMA quick_check"));
  TRY(rows.Step());
  if (rows.Text(0) != "ok") return Damaged(path, rows.Text(0));
  return {};
}

Result<IntegrityReport> BackUp(const fs::path& state_folder, const fs::path& copy,
                               const Clock& clock) {
  TRY_ASSIGN(Reader reader, Reader::Open(state_folder, clock));
  std::error_code error;
  if (fs::symlink_status(copy, error).type() != fs::file_type::not_found) return Exists(copy);
  const fs::path temporary = copy.string() + Format(".{}.tmp", getpid());
  auto report = WriteCopy(reader.Connection(), temporary);
  if (report) {
    const Status published = Publish(temporary, copy);
    if (!published) report = tl::unexpected(published.error());
  }
  if (!report) Remove(temporary);
  return report;
}

}  // namespace archsweep
