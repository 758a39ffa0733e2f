#include "tests/hygiene/edges.h"

#include <algorithm>
#include <sstream>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::string_view kTests = "tests/";

bool LiesUnder(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

std::set<std::string> ListOf(const std::string& field) {
  std::set<std::string> list;
  for (const std::string& item : Split(field, ',')) {
    if (item != "-" && item != "*") list.insert(item);
  }
  return list;
}

}  // namespace

Result<Edges> Edges::Parse(std::string_view text) {
  Edges edges;
  for (const std::string& line : LinesOf(text)) {
    if (line.empty() || line.front() == '#') continue;
    if (Status added = edges.AddLine(line); !added) return tl::unexpected(added.error());
  }
  for (const auto& [path, room] : edges.rooms_) {
    for (const std::string& other : room.rooms) {
      if (!edges.rooms_.contains(other)) {
        return Fail(ErrorKind::kInvalidInput,
                    Format("room {} names the unknown room {}", path, other));
      }
    }
  }
  return edges;
}

Status Edges::AddLine(const std::string& line) {
  std::istringstream fields(line);
  std::string kind, name, first, second, rest;
  if (!(fields >> kind >> name >> first >> second) || fields >> rest) {
    return Fail(ErrorKind::kInvalidInput, Format("'{}' has not four fields", line));
  }
  if (kind == "package") {
    headers_of_package_[name] = Split(first, ',');
  } else if (kind == "room") {
    rooms_[name] = {.rooms = ListOf(first), .packages = ListOf(second), .all_rooms = first == "*"};
  } else {
    return Fail(ErrorKind::kInvalidInput, Format("'{}' is neither a package nor a room", line));
  }
  return {};
}

std::string Edges::RoomOf(std::string_view path) const {
  std::string longest;
  for (const auto& [room, allowance] : rooms_) {
    if (LiesUnder(path, room) && room.size() > longest.size()) longest = room;
  }
  return longest;
}

std::string Edges::PackageOf(std::string_view header) const {
  for (const auto& [package, names] : headers_of_package_) {
    for (const std::string& name : names) {
      const bool matches = name.back() == '/' ? header.starts_with(name) : header == name;
      if (matches) return package;
    }
  }
  return "";
}

Edges::Room Edges::AllowanceOf(std::string_view path) const {
  const std::string room = RoomOf(path);
  Room allowance = rooms_.at(room);
  allowance.rooms.insert(room);
  if (path.starts_with(kTests)) {
    const std::string tested = RoomOf(path.substr(kTests.size()));
    if (!tested.empty()) {
      const std::set<std::string>& packages = rooms_.at(tested).packages;
      allowance.packages.insert(packages.begin(), packages.end());
    }
  }
  return allowance;
}

std::vector<std::string> Edges::Mistakes(const SourceFile& file) const {
  if (RoomOf(file.path).empty()) return {Format("{} lies in no room", file.path)};
  const Room allowed = AllowanceOf(file.path);
  std::vector<std::string> mistakes;
  for (const std::string& include : IncludesOf(file.text)) {
    const std::string header = include.substr(1);
    const std::string package = PackageOf(header);
    const std::string room = RoomOf(header);
    if (!package.empty()) {
      if (!allowed.packages.contains(package)) {
        mistakes.push_back(Format("{} may not include {} of {}", file.path, header, package));
      }
    } else if (!room.empty()) {
      if (!allowed.all_rooms && !allowed.rooms.contains(room)) {
        mistakes.push_back(Format("{} may not include {} of {}", file.path, header, room));
      }
    } else if (include.front() == '"') {
      mistakes.push_back(
          Format("{} includes {}, which is no path from the root", file.path, header));
    }
  }
  return mistakes;
}

std::vector<std::string> Edges::FindCycle() const {
  std::vector<std::string> chain;
  std::set<std::string> finished;
  for (const auto& [room, allowance] : rooms_) {
    if (Search(room, chain, finished)) return chain;
  }
  return {};
}

bool Edges::Search(const std::string& room, std::vector<std::string>& chain,
                   std::set<std::string>& finished) const {
  if (finished.contains(room)) return false;
  const bool seen = std::ranges::find(chain, room) != chain.end();
  chain.push_back(room);
  if (seen) return true;
  for (const std::string& next : rooms_.at(room).rooms) {
    if (Search(next, chain, finished)) return true;
  }
  chain.pop_back();
  finished.insert(room);
  return false;
}

std::vector<std::string> Edges::Rooms() const {
  std::vector<std::string> names;
  for (const auto& [room, allowance] : rooms_) names.push_back(room);
  return names;
}

}  // namespace archsweep
