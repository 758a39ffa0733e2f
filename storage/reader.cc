#include "storage/reader.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "storage/migrations.h"
#include "storage/store.h"

namespace archsweep {

struct Rows::TimeBound {
  const Clock& clock;
  int64_t deadline_ms = std::numeric_limits<int64_t>::max();
};

namespace {

constexpr size_t kQueryBytesMax = size_t{1} << 20;
constexpr size_t kQuotedBytes = 40;         // Of a text in a message.
constexpr int kStepsBetweenLooks = 10'000;  // Of SQLite's machine, between looks at the clock.

std::string_view ActionName(int action) {
  switch (action) {
    case SQLITE_ATTACH:
      return "ATTACH";
    case SQLITE_DETACH:
      return "DETACH";
    case SQLITE_PRAGMA:
      return "PRAGMA";
    case SQLITE_INSERT:
      return "INSERT";
    case SQLITE_UPDATE:
      return "UPDATE";
    case SQLITE_DELETE:
      return "DELETE";
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return "transactions";
    default:
      return "changes of the schema";
  }
}

bool OnlyReads(int action, std::string_view name) {
  constexpr std::array<std::string_view, 7> kPragmas = {
      "table_info", "table_xinfo", "table_list",      "index_list",
      "index_info", "index_xinfo", "foreign_key_list"};
  if (action == SQLITE_PRAGMA) return std::ranges::find(kPragmas, name) != kPragmas.end();
  return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION ||
         action == SQLITE_RECURSIVE;
}

// SQLite's authorizer; `context` is a string for what it refused.
int Authorize(void* context, int action, const char* first, const char*, const char*, const char*) {
  if (OnlyReads(action, first != nullptr ? first : "")) return SQLITE_OK;
  *static_cast<std::string*>(context) = ActionName(action);
  return SQLITE_DENY;
}

// Of a byte of the text, from 1.
std::string Position(std::string_view sql, int offset) {
  const std::string_view before = sql.substr(0, static_cast<size_t>(offset));
  const auto line = 1 + std::ranges::count(before, '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0.
  return Format(" (line {}, column {})", line, before.size() - line_start + 1);
}

Error QueryError(sqlite3* connection, std::string_view sql, const std::string& refused) {
  if (!refused.empty()) {
    return Error{ErrorKind::kInvalidInput,
                 Format("query: only reading is possible here, not {}", refused)};
  }
  const int offset = sqlite3_error_offset(connection);
  return Error{ErrorKind::kInvalidInput, Format("query: {}{}", sqlite3_errmsg(connection),
                                                offset >= 0 ? Position(sql, offset) : "")};
}

// The first statement of `sql`, which is cut off; null if there is none.
Result<OwnedStatement> PrepareFirst(sqlite3* connection, std::string_view& sql) {
  std::string refused;
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  sqlite3_set_authorizer(connection, Authorize, &refused);
  const int code =
      sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &statement, &rest);
  // Not later than here, for `refused` ends.
  sqlite3_set_authorizer(connection, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(QueryError(connection, sql, refused));
  sql.remove_prefix(static_cast<size_t>(rest - sql.data()));
  return OwnedStatement(statement);
}

Result<OwnedStatement> PrepareReading(sqlite3* connection, std::string_view sql) {
  if (sql.size() > kQueryBytesMax) {
    return Fail(ErrorKind::kInvalidInput,
                Format("query: is {} bytes long; the longest is {}", sql.size(), kQueryBytesMax));
  }
  TRY_ASSIGN(OwnedStatement statement, PrepareFirst(connection, sql));
  if (statement == nullptr) return Fail(ErrorKind::kInvalidInput, "query: is empty");
  if (sqlite3_stmt_readonly(statement.get()) == 0) {
    return Fail(ErrorKind::kInvalidInput, "query: only reading is possible here");
  }
  const std::string_view more = sql.substr(0, kQuotedBytes);
  while (!sql.empty()) {
    const size_t before = sql.size();
    TRY_ASSIGN(const OwnedStatement second, PrepareFirst(connection, sql));
    if (second != nullptr || sql.size() == before) {
      return Fail(ErrorKind::kInvalidInput,
                  Format("query: has several statements; give one at a time, without '{}'", more));
    }
  }
  return statement;
}

Status RequireVersion(Database& database) {
  const int64_t newest = Migrations().back().version;
  TRY_ASSIGN(const int64_t version, SchemaVersion(database, newest));
  if (version == newest) return {};
  return Fail(
      ErrorKind::kInvalidInput,
      Format("has schema version {} and not {}; 'archsweep run' on this state folder brings "
             "it up to date",
             version, newest));
}

}  // namespace

Rows::Rows(OwnedStatement owned, std::span<const std::string> parameters, TimeBound& bound,
           int64_t timeout_ms)
    : owned_(std::move(owned)),
      statement_(owned_.get()),
      bound_(&bound),
      timeout_ms_(timeout_ms),
      left_ms_(timeout_ms) {
  int parameter = 0;
  for (const std::string& text : parameters) statement_.Bind(++parameter, text);
  for (int column = 0; column < statement_.ColumnCount(); ++column) {
    columns_.emplace_back(sqlite3_column_name(owned_.get(), column));
  }
}

Result<bool> Rows::Next() {
  const int64_t start_ms = bound_->clock.MonotonicMs();
  bound_->deadline_ms = start_ms + left_ms_;
  auto row = statement_.Step();
  left_ms_ -= bound_->clock.MonotonicMs() - start_ms;
  if (!row && row.error().kind == ErrorKind::kInterrupted) {
    return Fail(ErrorKind::kUnavailable,
                Format("query: not finished after {:.3g} s; raise --timeout, or ask for less",
                       timeout_ms_ / 1000.0));
  }
  return row;
}

SqlValue Rows::At(int column) const {
  switch (sqlite3_column_type(owned_.get(), column)) {
    case SQLITE_INTEGER:
      return statement_.Integer(column);
    case SQLITE_FLOAT:
      return statement_.Real(column);
    case SQLITE_TEXT:
      return statement_.Text(column);
    case SQLITE_BLOB:
      return Blob{statement_.Text(column)};
    default:
      return std::monostate();
  }
}

Reader::Reader(Database database, const Clock& clock)
    : bound_(new Rows::TimeBound{clock}), database_(std::move(database)) {
  sqlite3_progress_handler(
      database_.Handle(), kStepsBetweenLooks,
      [](void* context) {
        const auto* bound = static_cast<const Rows::TimeBound*>(context);
        return bound->clock.MonotonicMs() >= bound->deadline_ms ? 1 : 0;
      },
      bound_.get());
  sqlite3_limit(database_.Handle(), SQLITE_LIMIT_LENGTH, kValueBytesMax);
}

Reader::Reader(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::Open(const std::filesystem::path& state_folder, const Clock& clock) {
  const std::filesystem::path path = state_folder / kDatabaseFile;
  auto database = Database::Open(path, OpenMode::kReadOnly);
  if (!database && database.error().kind == ErrorKind::kNotFound) {
    return Fail(
        ErrorKind::kNotFound,
        Format("{}: there is no {} here; use 'archsweep run' first, or give another --state",
               state_folder.string(), kDatabaseFile));
  }
  if (!database) return tl::unexpected(database.error());
  TRY(RequireVersion(*database).map_error([&](Error error) {
    return error.message.starts_with(path.string()) ? error
                                                    : WithContext(std::move(error), path.string());
  }));
  return Reader(std::move(*database), clock);
}

Result<Rows> Reader::Query(std::string_view sql, std::span<const std::string> parameters,
                           int64_t timeout_ms) {
  TRY_ASSIGN(OwnedStatement statement, PrepareReading(database_.Handle(), sql));
  const int wanted = sqlite3_bind_parameter_count(statement.get());
  if (wanted != static_cast<int>(parameters.size())) {
    return Fail(ErrorKind::kInvalidInput,
                Format("query: has {} parameters and {} values", wanted, parameters.size()));
  }
  return Rows(std::move(statement), parameters, *bound_, timeout_ms);
}

Result<std::string> Reader::DatabaseId() {
  TRY_ASSIGN(Rows rows, Query("SELECT value FROM meta WHERE name = 'database'"));
  TRY_ASSIGN(const bool found, rows.Next());
  const SqlValue value = found ? rows.At(0) : SqlValue();
  const auto* id = std::get_if<std::string_view>(&value);
  if (id != nullptr) return std::string(*id);
  return Fail(ErrorKind::kCorrupt, "the database has no id");
}

}  // namespace archsweep
