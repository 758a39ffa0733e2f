#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/host.h"
#include "storage/integrity.h"

namespace archsweep {
namespace {

constexpr const char* kExamples = R"(Examples:
  archsweep check
  archsweep check --state /var/lib/me/depth --shared /shared/depth
Exit code 1 if anything is wrong; one line for each thing.)";

ExitCode Check(const std::string& state, const std::string& shared) {
  const SystemClock clock;
  const auto report = CheckIntegrity(state, shared.empty() ? state : shared, clock);
  if (!report) return ReportError(report.error());
  for (const std::string& finding : report->findings) std::printf("%s\n", finding.c_str());
  if (!report->findings.empty()) return ExitCode::kFailed;
  std::printf("%s: %lld networks, %lld trained, %lld results: no problems\n", state.c_str(),
              static_cast<long long>(report->trials), static_cast<long long>(report->trainings),
              static_cast<long long>(report->results));
  return ExitCode::kOk;
}

}  // namespace

void AddCheckCommand(CLI::App& app, ExitCode& exit_code) {
  const auto state = std::make_shared<std::string>(kDefaultStateFolder);
  const auto shared = std::make_shared<std::string>();
  CLI::App* const check =
      app.add_subcommand("check", "Examine database and weights for damage; nothing is changed");
  check->footer(kExamples);
  check->add_option("--state", *state, "State folder of the runs")->capture_default_str();
  check->add_option("--shared", *shared,
                    "Folder of weights and artifacts, where it is another (default: --state)");
  check->callback([state, shared, &exit_code] { exit_code = Check(*state, *shared); });
}

}  // namespace archsweep
