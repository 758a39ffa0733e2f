#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "storage/database.h"

namespace archsweep {

// In the header of the file ("arsw"), so that no other program's database is taken for ours.
inline constexpr int64_t kApplicationId = 0x61727377;

// One step from schema version `version - 1`.
struct Migration {
  int64_t version;
  std::string sql;  // Several statements.
};

// From an empty file to the schema of this program, in order.
std::span<const Migration> Migrations();

// The schema version of a database, 0 for an empty file. kCorrupt: not a database, or another
// program's. kInvalidInput: newer than `newest`.
Result<int64_t> SchemaVersion(Database& database, int64_t newest);

// Applies the migrations that `database`, the file at `path`, lacks, each in a transaction of its
// own. A database that is not empty is copied to PATH.version-N before.
Status Migrate(Database& database, const std::filesystem::path& path,
               std::span<const Migration> migrations);

}  // namespace archsweep
