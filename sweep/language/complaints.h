#pragma once

#include <compare>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace archsweep {

// Where something stands in a file; both count from 1, columns in bytes.
struct Position {
  int line = 1;
  int column = 1;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// Everything that is wrong with a file, so that its author mends it in one go.
class Complaints {
 public:
  static constexpr size_t kShownMax = 50;   // More are only counted.
  static constexpr size_t kKeptMax = 1000;  // Once reached, checking on is of no use.

  // `file` is the name that the messages carry.
  explicit Complaints(std::string file) : file_(std::move(file)) {}

  // The same message at the same place counts once. Control characters in it are escaped.
  void Add(Position position, std::string_view message);

  bool Empty() const { return messages_.empty(); }
  bool Full() const { return messages_.size() >= kKeptMax; }

  // kInvalidInput with a line "FILE:LINE:COLUMN: message" each, in the order of the file. Not empty
  // (asserted).
  Error AsError() const;

 private:
  std::string file_;
  std::set<std::pair<Position, std::string>> messages_;
};

}  // namespace archsweep
