#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tests/hygiene/source_tree.h"

namespace archsweep {

// deploy/cmake/edges.txt: who may include whom.
class Edges {
 public:
  // kInvalidInput names the line that cannot be read.
  static Result<Edges> Parse(std::string_view text);

  // The includes of a file that are not allowed to it, each as one line of text.
  std::vector<std::string> Mistakes(const SourceFile& file) const;

  // A chain of rooms that ends where it began, or nothing.
  std::vector<std::string> FindCycle() const;

  // The room with the longest path that `path` lies under, or "".
  std::string RoomOf(std::string_view path) const;

  std::vector<std::string> Rooms() const;

 private:
  struct Room {
    std::set<std::string> rooms;
    std::set<std::string> packages;
    bool all_rooms = false;
  };

  Status AddLine(const std::string& line);
  std::string PackageOf(std::string_view header) const;
  Room AllowanceOf(std::string_view path) const;
  bool Search(const std::string& room, std::vector<std::string>& chain,
              std::set<std::string>& finished) const;

  std::map<std::string, std::vector<std::string>> headers_of_package_;
  std::map<std::string, Room> rooms_;
};

}  // namespace archsweep
