#include "worker/data/preparation/jpeg_tree.h"

#include <algorithm>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kListBytesMax = size_t{64} << 20;

Result<std::vector<std::string>> ReadLines(const fs::path& file) {
  TRY_ASSIGN(const std::string text, ReadFile(file, kListBytesMax));
  std::vector<std::string> lines;
  for (std::string& line : Split(text, '\n')) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

// Sorted.
Result<std::vector<std::string>> ReadClasses(const fs::path& folder, int classes) {
  const fs::path file = folder / "wnids.txt";
  TRY_ASSIGN(std::vector<std::string> names, ReadLines(file));
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  if (names.size() == static_cast<size_t>(classes)) return names;
  return Fail(ErrorKind::kCorrupt,
              Format("{}: names {} classes instead of {}", file.string(), names.size(), classes));
}

Status ListClass(const fs::path& folder, uint8_t label, std::vector<LabelledFile>& files) {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".JPEG") found.push_back(entry->path());
  }
  if (error) {
    return Fail(ErrorKind::kNotFound, Format("{}: the images of a class cannot be listed: {}",
                                             folder.string(), error.message()));
  }
  if (found.empty()) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: holds no image (*.JPEG) of its class", folder.string()));
  }
  std::ranges::sort(found);
  for (fs::path& file : found) files.push_back({std::move(file), label});
  return {};
}

Result<std::vector<LabelledFile>> ReadTestList(const fs::path& folder,
                                               const std::vector<std::string>& classes) {
  const fs::path list = folder / "val_annotations.txt";
  TRY_ASSIGN(const std::vector<std::string> lines, ReadLines(list));
  std::vector<LabelledFile> files;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> fields = Split(lines[i], '\t');
    const auto found =
        fields.size() < 2 ? classes.end() : std::ranges::lower_bound(classes, fields[1]);
    const bool is_name = fields.front().find('/') == std::string::npos;
    if (found == classes.end() || *found != fields[1] || !is_name) {
      return Fail(ErrorKind::kCorrupt,
                  Format("{}:{}: '{}' does not begin with a file and one of the classes",
                         list.string(), i + 1, lines[i]));
    }
    files.push_back({folder / "images" / fields[0],
                     static_cast<uint8_t>(std::distance(classes.begin(), found))});
  }
  if (!files.empty()) return files;
  return Fail(ErrorKind::kCorrupt, Format("{}: names no image", list.string()));
}

}  // namespace

Result<JpegTree> FindJpegs(const fs::path& folder, int classes) {
  TRY_ASSIGN(const std::vector<std::string> names, ReadClasses(folder, classes));
  JpegTree tree;
  for (size_t i = 0; i < names.size(); ++i) {
    TRY(ListClass(folder / "train" / names[i] / "images", static_cast<uint8_t>(i), tree.train));
  }
  TRY_ASSIGN(tree.test, ReadTestList(folder / "val", names));
  return tree;
}

}  // namespace archsweep
