#include "tests/hygiene/source_tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>

namespace archsweep {
namespace {

namespace fs = std::filesystem;

bool IsPassedOver(const std::string& folder) {
  return (folder.front() == '.' && folder != ".ci") || folder.starts_with("build") ||
         folder == "archsweep-state" || folder == "__pycache__";
}

bool IsText(const fs::path& path) {
  static constexpr std::array<std::string_view, 11> kExtensions = {
      ".h", ".cc", ".proto", ".cmake", ".md", ".txt", ".yaml", ".py", ".sh", ".sql", ""};
  return std::ranges::find(kExtensions, path.extension().string()) != kExtensions.end();
}

bool IsIdentifierCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Where the literal that starts at `begin` ends; `begin` is at its opening quote.
size_t EndOfLiteral(std::string_view code, size_t begin) {
  if (code[begin] == '"' && begin > 0 && code[begin - 1] == 'R') {
    const size_t open = code.find('(', begin);
    if (open == std::string_view::npos) return code.size();
    const std::string close = ")" + std::string(code.substr(begin + 1, open - begin - 1)) + "\"";
    const size_t end = code.find(close, open);
    return end == std::string_view::npos ? code.size() : end + close.size();
  }
  size_t at = begin + 1;
  while (at < code.size() && code[at] != code[begin]) at += code[at] == '\\' ? 2 : 1;
  return std::min(at + 1, code.size());
}

// 1'000'000: a quote between digits is no literal.
bool IsDigitSeparator(std::string_view code, size_t at) {
  return code[at] == '\'' && at > 0 && std::isxdigit(static_cast<unsigned char>(code[at - 1]));
}

// Where the comment or literal that starts at `at` ends, or `at` if none does.
size_t EndOfNonCode(std::string_view code, size_t at) {
  if (code.substr(at, 2) == "//") return std::min(code.find('\n', at), code.size());
  if (code.substr(at, 2) == "/*") return std::min(code.find("*/", at), code.size() - 2) + 2;
  if (code[at] == '"' || (code[at] == '\'' && !IsDigitSeparator(code, at))) {
    return EndOfLiteral(code, at);
  }
  return at;
}

}  // namespace

std::vector<SourceFile> ReadSourceTree(const fs::path& root) {
  std::vector<SourceFile> files;
  auto entry = fs::recursive_directory_iterator(root);
  for (; entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory()) {
      if (IsPassedOver(entry->path().filename())) entry.disable_recursion_pending();
    } else if (IsText(entry->path())) {
      std::ifstream stream(entry->path(), std::ios::binary);
      files.push_back({.path = fs::relative(entry->path(), root).generic_string(),
                       .text = std::string(std::istreambuf_iterator<char>(stream), {})});
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

bool IsCode(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

std::string_view FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string WithoutCommentsAndLiterals(std::string_view code) {
  std::string blanked(code);
  size_t at = 0;
  while (at < code.size()) {
    const size_t end = EndOfNonCode(code, at);
    for (size_t i = at; i < end; ++i) {
      if (blanked[i] != '\n') blanked[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return blanked;
}

std::vector<std::string> IncludesOf(std::string_view code) {
  std::vector<std::string> includes;
  for (const std::string& line : LinesOf(code)) {
    if (!line.starts_with("#include ")) continue;
    const size_t open = line.find_first_of("\"<");
    if (open == std::string::npos) continue;
    const size_t close = line.find_first_of("\">", open + 1);
    if (close != std::string::npos) includes.push_back(line.substr(open, close - open));
  }
  return includes;
}

size_t FindWord(std::string_view text, std::string_view word, size_t from) {
  for (size_t at = text.find(word, from); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool starts =
        at == 0 || !IsIdentifierCharacter(word.front()) || !IsIdentifierCharacter(text[at - 1]);
    const bool ends = end == text.size() || !IsIdentifierCharacter(word.back()) ||
                      !IsIdentifierCharacter(text[end]);
    if (starts && ends) return at;
  }
  return std::string_view::npos;
}

}  // namespace archsweep
