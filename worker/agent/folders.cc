#include "worker/agent/folders.h"

#include <string>
#include <system_error>

#include "base/log.h"
#include "base/text.h"

namespace archsweep {
namespace fs = std::filesystem;

std::vector<fs::path> EntriesIn(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    entries.push_back(entry->path());
  }
  return entries;
}

std::optional<int64_t> NumberOf(const fs::path& folder, std::string_view prefix) {
  const std::string name = folder.filename().string();
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto number = ParseInteger(std::string_view(name).substr(prefix.size()));
  if (!number || *number < 0) return std::nullopt;
  return *number;
}

bool IsName(const fs::path& path) {
  return !path.empty() && path == path.filename() && path != "." && path != "..";
}

void Remove(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) LogWarning("{}: cannot be removed: {}", path.string(), error.message());
}

}  // namespace archsweep
