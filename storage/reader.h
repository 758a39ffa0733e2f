#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/database.h"

namespace archsweep {

inline constexpr int64_t kQueryTimeoutMs = 60'000;  // Of one query, unless told otherwise.
inline constexpr int kValueBytesMax = 64 << 20;     // Of one value in a row.

// A value of a row; std::monostate is NULL. Text and bytes live until the next row.
using SqlValue = std::variant<std::monostate, int64_t, double, std::string_view, Blob>;

// The rows of one query, read as they are asked for: memory does not grow with their number.
class Rows {
 public:
  const std::vector<std::string>& Columns() const { return columns_; }

  // True: At can be called. False: there are no more. kUnavailable: the time of the query is over;
  // only the time that the database took counts, not the time between calls.
  Result<bool> Next();

  SqlValue At(int column) const;

 private:
  friend class Reader;
  struct TimeBound;

  Rows(OwnedStatement owned, std::span<const std::string> parameters, TimeBound& bound,
       int64_t timeout_ms);

  OwnedStatement owned_;
  Statement statement_;
  std::vector<std::string> columns_;
  TimeBound* bound_;
  int64_t timeout_ms_;
  int64_t left_ms_;
};

// Reads the database in a state folder, also while a coordinator writes it, and never changes it.
// One thread owns it; it outlives its rows.
class Reader {
 public:
  // kNotFound: nothing was ever run there. kInvalidInput: written by an older or newer version.
  // kCorrupt: not archsweep's, or damaged. `clock` must outlive the reader.
  static Result<Reader> Open(const std::filesystem::path& state_folder, const Clock& clock);
  Reader(Reader&&) noexcept;
  ~Reader();

  // Starts one statement that only reads. `parameters` are the texts for ?1, ?2... kInvalidInput,
  // with its position: a mistake in it, several statements, or something else than reading.
  Result<Rows> Query(std::string_view sql, std::span<const std::string> parameters = {},
                     int64_t timeout_ms = kQueryTimeoutMs);

  // Drawn when the database was made. kCorrupt: it has none.
  Result<std::string> DatabaseId();

  // For checks that SQL by itself cannot do.
  Database& Connection() { return database_; }

 private:
  Reader(Database database, const Clock& clock);

  // Declared first, for the connection calls back into it.
  std::unique_ptr<Rows::TimeBound> bound_;
  Database database_;
};

}  // namespace archsweep
