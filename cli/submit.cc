#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/control_client.h"
#include "cli/data_source.h"
#include "sweep/language/load.h"

namespace archsweep {
namespace {

struct SubmitFlags {
  SourceFlags source;
  std::string sweep;
  bool dry_run = false;
  bool json = false;
};

constexpr int64_t kSubmitMs = 120'000;  // A sweep of 100,000 networks takes some seconds.
constexpr int kIdsShown = 10;

constexpr const char* kExamples = R"(Examples:
  archsweep submit depth-grid --shared /shared/depth
  archsweep submit sweep.yaml --dry-run --shared /shared/depth
Repeating it changes nothing. A changed file under the same name adds what is new and withdraws
what is gone; nothing is deleted, and what is done stays done.)";

void PrintSide(char sign, int64_t count, const auto& ids, const char* what) {
  if (count == 0) return;
  std::printf("%c %lld %s\n", sign, static_cast<long long>(count), what);
  for (int i = 0; i < std::min<int>(ids.size(), kIdsShown); ++i) {
    std::printf("%c   %s\n", sign, ids[i].c_str());
  }
  if (count > kIdsShown) std::printf("%c   ...\n", sign);
}

void Print(const control::v1::SubmitResponse& answer, bool dry_run) {
  std::printf("%s: %s%s\n", answer.sweep().c_str(), answer.state().c_str(),
              dry_run ? "; nothing was changed" : "");
  PrintSide('+', answer.trials().added(), answer.trials().added_ids(), "networks");
  PrintSide('-', answer.trials().withdrawn(), answer.trials().withdrawn_ids(), "networks");
  PrintSide('+', answer.evaluations().added(), answer.evaluations().added_ids(), "evaluations");
  PrintSide('-', answer.evaluations().withdrawn(), answer.evaluations().withdrawn_ids(),
            "evaluations");
  std::printf("  %lld networks and %lld evaluations as before\n",
              static_cast<long long>(answer.trials().kept()),
              static_cast<long long>(answer.evaluations().kept()));
}

Json ToJson(const control::v1::Difference& difference) {
  return {{"added", difference.added()},
          {"withdrawn", difference.withdrawn()},
          {"kept", difference.kept()}};
}

Status Submit(const SubmitFlags& flags) {
  // Mistakes are told here, before anything is asked.
  TRY_ASSIGN(const ExpandedSweep sweep, LoadSweep(flags.sweep));
  TRY_ASSIGN(const Access access, AccessOf(flags.source));
  TRY_ASSIGN(ControlClient client, ControlClient::To(access));
  control::v1::SubmitRequest request;
  request.set_file(flags.sweep);
  request.set_text(sweep.text);
  request.set_dry_run(flags.dry_run);
  TRY_ASSIGN(const control::v1::SubmitResponse answer, client.Submit(request, kSubmitMs));
  if (!flags.json) {
    Print(answer, flags.dry_run);
    return {};
  }
  const Json json = {{"sweep", answer.sweep()},
                     {"state", answer.state()},
                     {"dry_run", flags.dry_run},
                     {"trials", ToJson(answer.trials())},
                     {"evaluations", ToJson(answer.evaluations())}};
  std::printf("%s\n", json.dump().c_str());
  return {};
}

}  // namespace

void AddSubmitCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<SubmitFlags>();
  CLI::App* const submit =
      app.add_subcommand("submit", "Give a sweep to a coordinator, or what changed in its file");
  submit->footer(kExamples);
  submit->add_option("sweep", flags->sweep, "Sweep file, or the name of a preset")->required();
  submit->add_flag("--dry-run", flags->dry_run, "Say what would change, and change nothing");
  submit->add_flag("--json", flags->json, "Print counts as JSON");
  AddSourceOptions(*submit, flags->source);
  submit->callback([flags, &exit_code] { exit_code = ReportEnd(Submit(*flags)); });
}

}  // namespace archsweep
