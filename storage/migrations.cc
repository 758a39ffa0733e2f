#include "storage/migrations.h"

#include <array>

#include "base/file.h"
#include "base/text.h"
#include "storage/backup.h"
#include "storage/schema_text.h"

namespace archsweep {

extern const char* const kInitialSchema;  // schema/0001_initial.sql

// What ResultColumns() was when the version was made: a column that comes later needs a migration
// of its own.
constexpr std::array<std::string_view, 12> kColumnsOfVersion1 = {
    "clean_last", "fgsm_last", "pgd20_last", "cw40_last", "autoattack_last", "apgd_pair_last",
    "clean_best", "fgsm_best", "pgd20_best", "cw40_best", "autoattack_best", "apgd_pair_best"};

std::span<const Migration> Migrations() {
  static const std::array<Migration, 1> kMigrations = {
      {{.version = 1, .sql = ExpandSchema(kInitialSchema, kColumnsOfVersion1)}}};
  return kMigrations;
}

namespace {

constexpr std::string_view kOtherRemedy =
    "give another --state folder, or restore the file from a copy";

Result<int64_t> Pragma(Database& database, std::string_view name) {
  TRY_ASSIGN(const auto value, database.Integer(Format("PRAGMA {}", name)));
  return value.value_or(0);
}

Status CopyTo(Database& database, const std::filesystem::path& copy) {
  // Left by a migration that was interrupted before it changed anything.
  std::error_code error;
  std::filesystem::remove(copy, error);
  TRY(CopyDatabase(database, copy));
  return SyncFolder(copy.has_parent_path() ? copy.parent_path() : std::filesystem::path("."));
}

Status Apply(Database& database, const Migration& migration) {
  TRY_ASSIGN(Transaction transaction, Transaction::Begin(database));
  TRY(database.RunScript(migration.sql));
  TRY(database.RunScript(Format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                kApplicationId, migration.version)));
  return transaction.Commit();
}

}  // namespace

Result<int64_t> SchemaVersion(Database& database, int64_t newest) {
  const auto add_remedy = [](Error error) {
    const bool has_one = error.message.find("restore the file") != std::string::npos;
    if (error.kind == ErrorKind::kCorrupt && !has_one)
      error.message += Format("; {}", kOtherRemedy);
    return error;
  };
  TRY_ASSIGN(const int64_t application, Pragma(database, "application_id").map_error(add_remedy));
  TRY_ASSIGN(const int64_t version, Pragma(database, "user_version"));
  TRY_ASSIGN(const auto things, database.Integer("SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && version == 0 && things == 0) return 0;
  if (application != kApplicationId) {
    return Fail(ErrorKind::kCorrupt,
                Format("is a database of another program (application id {:#x}); {}", application,
                       kOtherRemedy));
  }
  if (version > newest) {
    return Fail(ErrorKind::kInvalidInput,
                Format("has schema version {}, written by a newer archsweep; this one knows up to "
                       "{}: use the newer one",
                       version, newest));
  }
  return version;
}

Status Migrate(Database& database, const std::filesystem::path& path,
               std::span<const Migration> migrations) {
  TRY_ASSIGN(const int64_t version, SchemaVersion(database, migrations.back().version));
  if (version == migrations.back().version) return {};
  if (version > 0) {
    TRY(CopyTo(database, Format("{}.version-{}", path.string(), version)));
  }
  for (const Migration& migration : migrations) {
    if (migration.version > version) TRY(Apply(database, migration));
  }
  return {};
}

}  // namespace archsweep
