#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace archsweep {

// A text file of the repository.
struct SourceFile {
  std::string path;  // From the repository root, with '/'.
  std::string text;
};

// Every text file that people write: code, CMake, scripts, Markdown, YAML. Sorted by path. Folders
// whose name starts with a dot (but .ci), build folders and state folders are passed over.
std::vector<SourceFile> ReadSourceTree(const std::filesystem::path& root);

// The path ends in .h or .cc.
bool IsCode(std::string_view path);

std::string_view FolderOf(std::string_view path);
std::string_view NameOf(std::string_view path);

// The lines of a text without their ends.
std::vector<std::string> LinesOf(std::string_view text);

// The code with its comments and the contents of its string and character literals blanked out;
// lines stay where they are.
std::string WithoutCommentsAndLiterals(std::string_view code);

// The names between quotes or angle brackets of all #include lines, the delimiter kept in front:
// `"base/id.h`, `<vector`.
std::vector<std::string> IncludesOf(std::string_view code);

// Position of `word` where it is not a part of a longer identifier, or npos.
size_t FindWord(std::string_view text, std::string_view word, size_t from = 0);

}  // namespace archsweep
