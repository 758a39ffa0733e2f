#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "cli/exit_code.h"
#include "cli/table.h"
#include "worker/data/dataset.h"

namespace archsweep {

// What the subcommands of `archsweep data` share.
struct DataFlags {
  std::string name;
  std::string data_root = "data";
  RowFormat format = RowFormat::kTable;
};

// Adds the option --data-root and the format; with the name of a data set where there is one.
void AddDataOptions(CLI::App& command, DataFlags& flags, bool has_name);

// Prints one row: what a data set holds, and whether that is `wanted` (where it is not empty).
Status PrintContent(const DatasetContent& content, const std::string& wanted, RowFormat format);

// Each adds one subcommand to `data`, as commands.h says.
void AddDataPrepareCommand(CLI::App& data, ExitCode& exit_code);
void AddDataDownloadCommand(CLI::App& data, ExitCode& exit_code);

}  // namespace archsweep
