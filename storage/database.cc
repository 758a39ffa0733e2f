#include "storage/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

// SQLite knows only one of the ways in which a disk can be full.
bool IsFull(int code, int system_code) {
  if (code == SQLITE_FULL) return true;
  return code == SQLITE_IOERR &&
         (system_code == ENOSPC || system_code == EDQUOT || system_code == EFBIG);
}

ErrorKind KindOf(int extended_code, int system_code) {
  const int code = extended_code & 0xff;
  if (IsFull(code, system_code)) return ErrorKind::kDiskFull;
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorKind::kBusy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_FORMAT:
      return ErrorKind::kCorrupt;
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return ErrorKind::kInvalidInput;
    case SQLITE_INTERRUPT:
      return ErrorKind::kInterrupted;
    default:
      return ErrorKind::kIo;
  }
}

std::string_view RemedyOf(ErrorKind kind, int code) {
  if ((code & 0xff) == SQLITE_CORRUPT) {
    return "; the file is damaged: 'archsweep check' tells more; restore the file from a copy";
  }
  switch (kind) {
    case ErrorKind::kBusy:
      return "; another process has it locked: end that process, then run the same command again";
    case ErrorKind::kDiskFull:
      return "; the disk or the quota is full: free some space there, then go on; nothing that was "
             "recorded is lost";
    case ErrorKind::kIo:
      return "; look at the disk and at the permissions of its folder, then run the same command "
             "again; nothing that was recorded is lost";
    default:
      return "";
  }
}

}  // namespace

Error DatabaseError(sqlite3* connection, std::string_view what) {
  const char* file = sqlite3_db_filename(connection, "main");
  const int code = sqlite3_extended_errcode(connection);
  const ErrorKind kind = KindOf(code, sqlite3_system_errno(connection));
  return Error{kind, Format("{}: {}: {}{}", file != nullptr ? file : "database", what,
                            sqlite3_errmsg(connection), RemedyOf(kind, code))};
}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

void Statement::Reset() {
  if (statement_ == nullptr) return;
  // Both report the error of the last step again, which its caller has seen.
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Statement::Bind(int parameter, int64_t value) {
  CHECK(sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK);
}

void Statement::Bind(int parameter, double value) {
  if (!std::isfinite(value)) return Bind(parameter, nullptr);
  CHECK(sqlite3_bind_double(statement_, parameter, value) == SQLITE_OK);
}

void Statement::Bind(int parameter, std::string_view value) {
  // An empty view may point nowhere, which SQLite would take for NULL.
  const char* text = value.data() != nullptr ? value.data() : "";
  CHECK(sqlite3_bind_text64(statement_, parameter, text, value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8) == SQLITE_OK);
}

void Statement::Bind(int parameter, Blob value) {
  const char* bytes = value.bytes.data() != nullptr ? value.bytes.data() : "";
  CHECK(sqlite3_bind_blob64(statement_, parameter, bytes, value.bytes.size(), SQLITE_TRANSIENT) ==
        SQLITE_OK);
}

void Statement::Bind(int parameter, std::nullptr_t) {
  CHECK(sqlite3_bind_null(statement_, parameter) == SQLITE_OK);
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return tl::unexpected(DatabaseError(sqlite3_db_handle(statement_), "cannot run a statement"));
}

int Statement::ColumnCount() const { return sqlite3_column_count(statement_); }

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes != nullptr ? std::string_view(bytes, static_cast<size_t>(size)) : std::string_view();
}

void Database::CloseConnection::operator()(sqlite3* connection) const {
  CHECK(sqlite3_close(connection) == SQLITE_OK);
}

void FinalizeStatement::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<Database> Database::Open(const std::filesystem::path& path, OpenMode mode) {
  const int flags = mode == OpenMode::kReadOnly ? SQLITE_OPEN_READONLY
                                                : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  std::error_code error;
  if (mode == OpenMode::kReadOnly && !std::filesystem::exists(path, error)) {
    return Fail(ErrorKind::kNotFound, Format("{}: no such database", path.string()));
  }
  sqlite3* connection = nullptr;
  // One thread at a time uses a connection, so SQLite needs no mutexes.
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(connection);
  if (code != SQLITE_OK) {
    const ErrorKind kind = KindOf(code, sqlite3_system_errno(connection));
    return Fail(kind, Format("{}: cannot be opened: {}{}", path.string(), sqlite3_errstr(code),
                             RemedyOf(kind, code)));
  }
  sqlite3_busy_timeout(connection, kBusyTimeoutMs);
  return database;
}

Status Database::RunScript(const std::string& sql) {
  if (sqlite3_exec(Handle(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return tl::unexpected(DatabaseError(Handle(), "cannot run a script"));
}

Result<Statement> Database::Prepare(std::string_view sql) {
  auto kept = statements_.find(sql);
  if (kept == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(Handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      return tl::unexpected(DatabaseError(Handle(), "cannot prepare a statement"));
    }
    kept = statements_.emplace(sql, OwnedStatement(statement)).first;
  }
  CHECK(sqlite3_stmt_busy(kept->second.get()) == 0);
  return Statement(kept->second.get());
}

Status Database::ToEnd(Statement& statement) {
  while (true) {
    TRY_ASSIGN(const bool row, statement.Step());
    if (!row) return {};
  }
}

Result<std::optional<int64_t>> Database::FirstInteger(Statement& statement) {
  TRY_ASSIGN(const bool row, statement.Step());
  if (!row || statement.IsNull(0)) return std::nullopt;
  return statement.Integer(0);
}

int64_t Database::ChangedRows() const { return sqlite3_changes64(Handle()); }

int64_t Database::LastInsertedKey() const { return sqlite3_last_insert_rowid(Handle()); }

bool Database::InTransaction() const { return sqlite3_get_autocommit(Handle()) == 0; }

Result<Transaction> Transaction::Begin(Database& database) {
  TRY(database.Run("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // SQLite has rolled back by itself after some errors, such as a full disk.
  if (database_ == nullptr || !database_->InTransaction()) return;
  if (!database_->Run("ROLLBACK")) CHECK(!database_->InTransaction());
}

Status Transaction::Commit() {
  TRY(database_->Run("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace archsweep
