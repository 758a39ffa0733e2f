#pragma once

#include <CLI/CLI.hpp>

#include "cli/exit_code.h"

namespace archsweep {

// Each adds one subcommand to `app`. When the command line names it, it runs while the line is
// parsed and leaves its exit code in `exit_code`, which outlives `app`.
void AddRunCommand(CLI::App& app, ExitCode& exit_code);
void AddEvaluateCommand(CLI::App& app, ExitCode& exit_code);
void AddCoordinatorCommand(CLI::App& app, ExitCode& exit_code);
void AddWorkerCommand(CLI::App& app, ExitCode& exit_code);
void AddStatusCommand(CLI::App& app, ExitCode& exit_code);
void AddWatchCommand(CLI::App& app, ExitCode& exit_code);
void AddWorkersCommand(CLI::App& app, ExitCode& exit_code);
void AddWhyCommand(CLI::App& app, ExitCode& exit_code);
void AddLogsCommand(CLI::App& app, ExitCode& exit_code);
// pause, resume, cancel, retry, drain and release.
void AddSteerCommands(CLI::App& app, ExitCode& exit_code);
void AddSubmitCommand(CLI::App& app, ExitCode& exit_code);
void AddPlanCommand(CLI::App& app, ExitCode& exit_code);
void AddDescribeCommand(CLI::App& app, ExitCode& exit_code);
void AddScaleCommand(CLI::App& app, ExitCode& exit_code);
void AddSchemaCommand(CLI::App& app, ExitCode& exit_code);
void AddResultsCommand(CLI::App& app, ExitCode& exit_code);
void AddQueryCommand(CLI::App& app, ExitCode& exit_code);
void AddExportCommand(CLI::App& app, ExitCode& exit_code);
void AddCheckCommand(CLI::App& app, ExitCode& exit_code);
void AddGcCommand(CLI::App& app, ExitCode& exit_code);
void AddBackupCommand(CLI::App& app, ExitCode& exit_code);
void AddDataCommand(CLI::App& app, ExitCode& exit_code);

}  // namespace archsweep
