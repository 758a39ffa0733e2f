#pragma once

#include <string>
#include <vector>

#include "tests/hygiene/source_tree.h"

namespace archsweep {

// Each rule returns what breaks it, one line of text each.

// Calls that the design forbids, everywhere or outside the rooms that need them.
std::vector<std::string> BannedCalls(const SourceFile& file);

// Code lines of over 100 columns, and code files of over 500 lines.
std::vector<std::string> OversizedText(const SourceFile& file);

// Words that mark unfinished work.
std::vector<std::string> UnfinishedMarks(const SourceFile& file);

// Headers that can be read twice, and .cc files that do not prove their own header complete by
// including it first.
std::vector<std::string> HeaderMistakes(const SourceFile& file,
                                        const std::vector<SourceFile>& tree);

// Folders of the root, and deeper folders of code, without a README.md.
std::vector<std::string> FoldersWithoutReadme(const std::vector<SourceFile>& tree);

// .cc and .proto files that no CMakeLists.txt names, and headers that nobody includes.
std::vector<std::string> DeadFiles(const std::vector<SourceFile>& tree);

}  // namespace archsweep
