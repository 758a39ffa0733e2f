#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace archsweep {

// How a program ended and what it wrote.
struct CommandResult {
  int exit_code = -1;  // 128 + n after signal n.
  std::string out;
  std::string err;
};

struct CommandOptions {
  std::filesystem::path folder = ".";  // Where it runs.
  std::chrono::milliseconds timeout = std::chrono::seconds(20);
};

// Runs the built `archsweep` with these arguments to its end, with nothing on its standard input. A
// program that takes longer than the timeout is killed, and the test fails.
CommandResult RunArchsweep(const std::vector<std::string>& arguments,
                           const CommandOptions& options = {});

// What the coordinator says whose access file is in this shared folder.
CommandResult AskCoordinator(const std::string& shared_folder, std::vector<std::string> arguments);

// The first value of a query of that coordinator; "" where it does not answer.
std::string QueryCoordinator(const std::string& shared_folder, const std::string& sql);

// The same for any program; `command` begins with its path.
CommandResult RunCommand(const std::vector<std::string>& command,
                         const CommandOptions& options = {});

}  // namespace archsweep
