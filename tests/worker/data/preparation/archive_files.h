#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace archsweep {

enum class ArchiveKind { kTarGz, kZip };

// Writes an archive of files by their names. One without content becomes a symbolic link to /etc.
void WriteArchive(const std::filesystem::path& file, ArchiveKind kind,
                  const std::map<std::string, std::string>& files);

}  // namespace archsweep
