#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace archsweep {

// SQLite as values instead of return codes. All of this file is for one thread at a time.

inline constexpr int kBusyTimeoutMs = 5'000;  // Longest wait for another connection's lock.

// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};

// The newest error of a connection as "FILE: WHAT: reason", with the remedy where the file and not
// the statement is to blame. kBusy: locked; kCorrupt: damaged, or a constraint refused the change;
// kDiskFull: no space or quota left; kIo: disk and permissions; kInvalidInput: the statement.
Error DatabaseError(sqlite3* connection, std::string_view what);

// A prepared statement, borrowed from its database; going out of scope makes it ready for the next
// user. Parameters count from 1, columns from 0. Text and blobs of a row live until the next Step.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept;
  ~Statement() { Reset(); }

  void Bind(int parameter, int64_t value);
  void Bind(int parameter, int value) { Bind(parameter, int64_t{value}); }
  void Bind(int parameter, bool value) { Bind(parameter, int64_t{value}); }
  void Bind(int parameter, double value);  // NULL where it is infinite or not a number.
  void Bind(int parameter, std::string_view value);
  void Bind(int parameter, const std::string& value) { Bind(parameter, std::string_view(value)); }
  void Bind(int parameter, const char* value) { Bind(parameter, std::string_view(value)); }
  void Bind(int parameter, Blob value);
  void Bind(int parameter, std::nullptr_t);
  template <class Value>
  void Bind(int parameter, const std::optional<Value>& value) {
    if (value) {
      Bind(parameter, *value);
    } else {
      Bind(parameter, nullptr);
    }
  }

  // True: a row can be read. False: done.
  Result<bool> Step();

  int ColumnCount() const;
  bool IsNull(int column) const;
  int64_t Integer(int column) const;
  double Real(int column) const;
  std::string_view Text(int column) const;  // Of a blob its bytes.

  sqlite3_stmt* Handle() const { return statement_; }

 private:
  void Reset();

  sqlite3_stmt* statement_;
};

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const;
};
using OwnedStatement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

enum class OpenMode { kReadOnly, kReadWrite };

// A connection that keeps the statements it has prepared.
class Database {
 public:
  // kReadWrite creates the file where there is none. kReadOnly: kNotFound if there is none.
  static Result<Database> Open(const std::filesystem::path& path, OpenMode mode);
  Database(Database&&) = default;
  Database& operator=(Database&&) = delete;  // Would close the connection under its statements.

  // Runs several statements without parameters.
  Status RunScript(const std::string& sql);

  // `sql` is one statement, whose text is kept; it must not be in use by another Statement
  // (asserted).
  Result<Statement> Prepare(std::string_view sql);

  // A statement with its parameters, which are copied, ready for Step.
  template <class... Values>
  Result<Statement> Query(std::string_view sql, const Values&... values) {
    auto statement = Prepare(sql);
    if (statement) {
      int parameter = 0;
      (statement->Bind(++parameter, values), ...);
    }
    return statement;
  }

  // Runs a statement to its end.
  template <class... Values>
  Status Run(std::string_view sql, const Values&... values) {
    TRY_ASSIGN(Statement statement, Query(sql, values...));
    return ToEnd(statement);
  }

  // The integer in the first column of the first row; nothing where there is no row or it is NULL.
  template <class... Values>
  Result<std::optional<int64_t>> Integer(std::string_view sql, const Values&... values) {
    TRY_ASSIGN(Statement statement, Query(sql, values...));
    return FirstInteger(statement);
  }

  int64_t ChangedRows() const;  // By the last INSERT, UPDATE or DELETE.
  int64_t LastInsertedKey() const;
  bool InTransaction() const;
  sqlite3* Handle() const { return connection_.get(); }

 private:
  struct CloseConnection {
    void operator()(sqlite3* connection) const;
  };
  struct TextHash {
    using is_transparent = void;  // Looks up a view without making a string of it.
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  explicit Database(sqlite3* connection) : connection_(connection) {}
  static Status ToEnd(Statement& statement);
  static Result<std::optional<int64_t>> FirstInteger(Statement& statement);

  // Declared in this order because statements go before their connection.
  std::unique_ptr<sqlite3, CloseConnection> connection_;
  std::unordered_map<std::string, OwnedStatement, TextHash, std::equal_to<>> statements_;
};

// Everything between Begin and Commit, or nothing. Takes the write lock at once, so that reading
// before writing is safe.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();  // Rolls back unless committed.

  Status Commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}

  Database* database_;
};

}  // namespace archsweep
