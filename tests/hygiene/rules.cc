#include "tests/hygiene/rules.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kColumnsMax = 100;
constexpr size_t kFileLinesMax = 500;

struct Ban {
  std::string_view word;
  std::string_view reason;
  std::vector<std::string_view> only_in;  // Empty: everywhere.
  std::vector<std::string_view> but_not_in;
};

const std::vector<Ban>& Bans() {
  static const std::vector<Ban> kBans = {
      {"std::thread", "std::jthread joins itself", {}, {}},
      {"std::async", "its future's destructor blocks", {}, {}},
      {".detach(", "nobody could wait for it", {}, {"worker/trainer/", "tests/worker/trainer/"}},
      {"system(", "a shell interprets it; spawn a program", {}, {}},
      {"popen(", "a shell interprets it; spawn a program", {}, {}},
      {"getenv", "settings come from files and flags", {}, {"base/"}},
      {"sleep_for", "wait on a condition with a bound", {}, {}},
      {"sleep_until", "wait on a condition with a bound", {}, {}},
      {"sleep(", "wait on a condition with a bound", {}, {}},
      {"usleep(", "wait on a condition with a bound", {}, {}},
      {"nanosleep(", "wait on a condition with a bound", {}, {}},
      {"std::regex", "its recursion overflows the stack on long input", {}, {}},
      {"std::format", "GCC 12 has none; base/text.h has Format", {}, {}},
      {"std::expected", "GCC 12 has none; base/result.h has Result", {}, {}},
      {"throw",
       "errors are values",
       {},
       // base/json.h: what nlohmann-json calls can fail in no other way.
       {"worker/trainer/", "tests/worker/trainer/", "base/json.h"}},
      {"::now()", "time comes with the event", {"coordinator/scheduler/", "sweep/"}, {}},
      {"random_device",
       "the same input must give the same output",
       {"coordinator/scheduler/", "sweep/"},
       {}},
      {"rand(",
       "the same input must give the same output",
       {"coordinator/scheduler/", "sweep/"},
       {}},
  };
  return kBans;
}

bool StartsWithAny(std::string_view path, const std::vector<std::string_view>& folders) {
  return std::ranges::any_of(folders, [&](auto folder) { return path.starts_with(folder); });
}

bool Concerns(const Ban& ban, std::string_view path) {
  return (ban.only_in.empty() || StartsWithAny(path, ban.only_in)) &&
         !StartsWithAny(path, ban.but_not_in);
}

// Continuation bytes of UTF-8 take no column.
size_t ColumnsOf(std::string_view line) {
  return static_cast<size_t>(
      std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string Stem(std::string_view path) { return std::string(path.substr(0, path.rfind('.'))); }

bool Contains(const std::vector<SourceFile>& tree, std::string_view path) {
  return std::ranges::binary_search(
      tree, path, {}, [](const SourceFile& file) -> std::string_view { return file.path; });
}

// A room's files are named in the room's folder or one above it; a test also in the folder of what
// it tests.
bool MayNameFilesOf(std::string_view cmake_folder, std::string_view path) {
  constexpr std::string_view kTests = "tests/";
  const auto lies_under = [&](std::string_view under) {
    return cmake_folder.empty() ||
           (under.starts_with(cmake_folder) && under[cmake_folder.size()] == '/');
  };
  return lies_under(path) || (path.starts_with(kTests) && lies_under(path.substr(kTests.size())));
}

// Every folder of the root has a README.md, and every deeper one that holds code. What tests/ROOM
// holds is said by the README of the room and by tests/README.md, and a deeper folder of data by
// the one above it.
bool NeedsReadmeBeside(std::string_view path) {
  if (path.starts_with('.')) return false;
  const bool is_deep = FolderOf(path).find('/') != std::string_view::npos;
  return !is_deep || (IsCode(path) && !path.starts_with("tests/"));
}

// Whether the CMake file collects all sources of a folder below it, this one among them.
bool IsCollectedBy(const SourceFile& cmake, const SourceFile& file) {
  const std::string_view folder = FolderOf(cmake.path);
  if (folder.empty() || !file.path.starts_with(folder)) return false;
  const std::string_view below = std::string_view(FolderOf(file.path)).substr(folder.size());
  return !below.empty() && cmake.text.find(Format("{}/*.cc", below)) != std::string::npos;
}

bool IsNamedInCMake(const SourceFile& file, const std::vector<SourceFile>& tree) {
  return std::ranges::any_of(tree, [&](const SourceFile& cmake) {
    return NameOf(cmake.path) == "CMakeLists.txt" &&
           MayNameFilesOf(FolderOf(cmake.path), file.path) &&
           (FindWord(cmake.text, NameOf(file.path)) != std::string_view::npos ||
            IsCollectedBy(cmake, file));
  });
}

}  // namespace

std::vector<std::string> BannedCalls(const SourceFile& file) {
  std::vector<std::string> mistakes;
  const std::vector<std::string> lines = LinesOf(WithoutCommentsAndLiterals(file.text));
  for (const Ban& ban : Bans()) {
    if (!Concerns(ban, file.path)) continue;
    for (size_t i = 0; i < lines.size(); ++i) {
      if (FindWord(lines[i], ban.word) == std::string::npos) continue;
      mistakes.push_back(Format("{}:{}: {} is banned: {}", file.path, i + 1, ban.word, ban.reason));
    }
  }
  return mistakes;
}

std::vector<std::string> OversizedText(const SourceFile& file) {
  std::vector<std::string> mistakes;
  const std::vector<std::string> lines = LinesOf(file.text);
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t columns = ColumnsOf(lines[i]);
    if (columns > kColumnsMax) {
      mistakes.push_back(Format("{}:{}: {} columns", file.path, i + 1, columns));
    }
  }
  if (lines.size() > kFileLinesMax) {
    mistakes.push_back(Format("{}: {} lines; one noun a file", file.path, lines.size()));
  }
  return mistakes;
}

std::vector<std::string> UnfinishedMarks(const SourceFile& file) {
  std::vector<std::string> mistakes;
  for (const std::string_view mark : {"TO"
                                      "DO",
                                      "FIX"
                                      "ME",
                                      "XX"
                                      "X",
                                      "HA"
                                      "CK"}) {
    if (FindWord(file.text, mark) != std::string::npos) {
      mistakes.push_back(Format("{}: {}", file.path, mark));
    }
  }
  return mistakes;
}

std::vector<std::string> HeaderMistakes(const SourceFile& file,
                                        const std::vector<SourceFile>& tree) {
  if (file.path.ends_with(".h")) {
    if (FindWord(file.text, "#pragma once") != std::string::npos) return {};
    return {Format("{} has no #pragma once", file.path)};
  }
  const std::string header = Stem(file.path) + ".h";
  if (!Contains(tree, header)) return {};
  const std::vector<std::string> includes = IncludesOf(file.text);
  if (!includes.empty() && includes.front() == "\"" + header) return {};
  return {Format("{} does not include {} first", file.path, header)};
}

std::vector<std::string> FoldersWithoutReadme(const std::vector<SourceFile>& tree) {
  std::set<std::string> folders;
  for (const SourceFile& file : tree) {
    if (NeedsReadmeBeside(file.path)) folders.insert(std::string(FolderOf(file.path)));
  }
  std::vector<std::string> mistakes;
  for (const std::string& folder : folders) {
    const std::string readme = folder.empty() ? "README.md" : folder + "/README.md";
    if (!Contains(tree, readme)) mistakes.push_back(Format("{} is missing", readme));
  }
  return mistakes;
}

std::vector<std::string> DeadFiles(const std::vector<SourceFile>& tree) {
  std::set<std::string> included;
  for (const SourceFile& file : tree) {
    if (!IsCode(file.path)) continue;
    for (const std::string& include : IncludesOf(file.text)) included.insert(include.substr(1));
  }
  std::vector<std::string> mistakes;
  for (const SourceFile& file : tree) {
    const bool is_compiled = file.path.ends_with(".cc") || file.path.ends_with(".proto");
    if (is_compiled && !IsNamedInCMake(file, tree)) {
      mistakes.push_back(Format("{} is named in no CMakeLists.txt", file.path));
    }
    if (file.path.ends_with(".h") && !included.contains(file.path)) {
      mistakes.push_back(Format("{} is included by nobody", file.path));
    }
  }
  return mistakes;
}

}  // namespace archsweep
