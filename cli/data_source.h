#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/table.h"
#include "proto/access/access.h"
#include "storage/reader.h"

namespace archsweep {

// Where a command reads from: the database on this machine, or a coordinator.
struct DataSource {
  std::filesystem::path state_folder;
  std::optional<Access> coordinator;  // Instead of the folder.

  std::string Name() const;  // For messages.
};

// What the command line says of it.
struct SourceFlags {
  std::string state;
  std::string shared;
  std::string connect;
};

// Adds --state, --shared and --connect.
void AddSourceOptions(CLI::App& command, SourceFlags& flags);

// Reads the access file where one is asked for. kUnavailable if there is none.
Result<DataSource> SourceOf(const SourceFlags& flags);

// The access file of a coordinator that was named by --connect, or else the best that is in the
// shared folder: a user's, or one who only reads. The errors are those of SourceOf.
Result<Access> AccessOf(const SourceFlags& flags);

// A statement that only reads.
struct SqlQuery {
  std::string sql;
  std::vector<std::string> parameters{};  // The texts for ?1, ?2...
  int64_t timeout_ms = kQueryTimeoutMs;
};

// The rows of a query, as they come.
class RowStream {
 public:
  virtual ~RowStream() = default;
  virtual const std::vector<std::string>& Columns() const = 0;
  // False: there are no more. Bytes that are no text become hexadecimal digits.
  virtual Result<bool> Next(std::vector<Cell>& row) = 0;
};

// Starts a query. The errors are those of Reader, from near or from far, and kUnavailable or
// kDenied of the coordinator.
Result<std::unique_ptr<RowStream>> OpenRows(const DataSource& source, const SqlQuery& query);

// All rows of a query that gives few.
Result<std::vector<std::vector<Cell>>> AllRows(const DataSource& source, const SqlQuery& query);

}  // namespace archsweep
