#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "cli/choose_network.h"
#include "cli/commands.h"
#include "cli/import_sweep.h"
#include "cli/print_rows.h"
#include "cli/run_options.h"
#include "cli/run_sweep.h"
#include "cli/weights_file.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

struct EvaluateFlags {
  std::string checkpoint;
  NetworkHints hints;
  AttackRequest request;
  std::optional<int> gpus;
  int ranks = 1;
  RunFlags run;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep evaluate wrn-28-10.safetensors --attacks clean,pgd20,autoattack
  archsweep evaluate net.safetensors --attacks apgd_pair --images 1000 --batch 500 \
      --dataset cifar10 --arch '{block: basic, depth: 4, width: 10, activation: silu}'
  archsweep evaluate archsweep-state/checkpoints/TRIAL/TOKEN/step-N --attacks autoattack
The same command goes on where an interrupted one stopped, also inside AutoAttack. What it measures
is a sweep of one network, whose file is kept in the state folder.)";

constexpr const char* kRows =
    "SELECT attack, accuracy, correct, images, loss, seconds, forward_images, backward_images, "
    "saved_images, nullif(warnings, '[]') AS warnings FROM v_evaluation "
    "WHERE evaluation IN (SELECT evaluation FROM v_task WHERE sweep = ?1 AND kind = 'evaluate') "
    "ORDER BY instr(?2, ' ' || attack || ' ')";

// What the flags ask for, understood.
struct Question {
  std::vector<AttackKind> attacks;
  WeightsFile weights;
  KnownNetwork known;
};

// With all mistakes at once.
Result<Question> ReadQuestion(const EvaluateFlags& flags) {
  auto attacks = ReadAttacks(flags.request);
  auto weights = OpenWeights(flags.checkpoint);
  auto known = ReadHints(flags.hints);
  std::vector<Error> problems;
  if (!attacks) problems.push_back(attacks.error());
  if (!weights) problems.push_back(weights.error());
  if (!known) problems.push_back(known.error());
  if (!problems.empty()) return tl::unexpected(Joined(problems));
  return Question{*std::move(attacks), *std::move(weights), *std::move(known)};
}

// A GPU where there is one, unless something else is asked for.
Resources ResourcesOf(const EvaluateFlags& flags) {
  const int usual = flags.ranks == 1 && GpuCount() > 0 ? 1 : 0;
  return {.gpus = flags.gpus.value_or(usual), .ranks = flags.ranks};
}

// Reads the weights, brings them into the state folder and writes the sweep of what is asked.
Result<ExpandedSweep> Prepare(const EvaluateFlags& flags, const fs::path& state_folder) {
  TRY_ASSIGN(const Question question, ReadQuestion(flags));
  const WeightsFile& weights = question.weights;
  TRY_ASSIGN(const NetworkChoice choice, ChooseNetwork(weights, question.known, state_folder));
  TRY_ASSIGN(ExpandedSweep sweep, ImportSweep(weights.sha256, choice, question.attacks,
                                              flags.request, ResourcesOf(flags)));
  std::fprintf(stderr, "weights: %s\n", weights.path.c_str());
  if (!choice.found_by.empty()) std::fprintf(stderr, "network: %s\n", choice.found_by.c_str());
  TRY(ImportWeights(weights.path, weights.sha256, sweep.trials.front().id, state_folder));
  const fs::path file = state_folder / "evaluate" / (sweep.name + ".yaml");
  TRY(CreateFolders(file.parent_path()));
  TRY(WriteFileDurably(file, sweep.text));
  std::fprintf(stderr, "sweep file: %s\n", file.c_str());
  return sweep;
}

// Between spaces, as they were asked for.
std::string AttacksInOrder(const ExpandedSweep& sweep) {
  std::string names = " ";
  for (const EvaluationSpec& evaluation : sweep.evaluations) {
    names += Format("{} ", NameOf(evaluation.attack));
  }
  return names;
}

ExitCode Evaluate(const EvaluateFlags& flags) {
  const auto options = RunOptionsOf(flags.run, "data");
  if (!options) return ReportError(options.error());
  const auto sweep = Prepare(flags, options->state_folder);
  if (!sweep) return ReportError(sweep.error());
  return RunAndPrint(*sweep, *options, [&] {
    return PrintRows({.state_folder = options->state_folder},
                     {.sql = kRows, .parameters = {sweep->name, AttacksInOrder(*sweep)}},
                     {.format = flags.format, .hide_empty = true}, std::cout);
  });
}

void AddAttackOptions(CLI::App& command, AttackRequest& request) {
  std::vector<std::string> names;
  for (const AttackKind kind : AttackKinds()) names.emplace_back(NameOf(kind));
  command
      .add_option("--attacks", request.attacks,
                  "Attacks, separated by commas: " + Join(names, ", "))
      ->required();
  command.add_option("--images", request.images, "The first so many test images (default: all)")
      ->check(CLI::PositiveNumber);
  command.add_option("--batch", request.batch,
                     "Images that share draws in AutoAttack and its parts (default: 250)");
  command.add_option("--seed", request.seed, "Of those draws (default: 0)");
  command.add_option("--savings", request.savings,
                     "none: every pass and draw of the reference implementation (default: exact)");
}

}  // namespace

void AddEvaluateCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* const evaluate = app.add_subcommand("evaluate", "Attack the network of a checkpoint");
  evaluate->footer(kExamples);
  evaluate
      ->add_option("checkpoint", flags->checkpoint,
                   "A .safetensors file with official names, or a folder with a checkpoint")
      ->required();
  AddAttackOptions(*evaluate, flags->request);
  evaluate->add_option("--arch,--architecture", flags->hints.architecture,
                       "Name of a network, a map in braces, or a file with one of them");
  evaluate->add_option("--dataset", flags->hints.dataset,
                       "Data set whose test images are attacked");
  evaluate
      ->add_option("--gpus", flags->gpus,
                   "GPUs of a task; 0: processor slots (default: 1 where there is a GPU)")
      ->check(CLI::NonNegativeNumber);
  evaluate->add_option("--ranks", flags->ranks, "Processor slots of a task, one process on each")
      ->check(CLI::Range(1, kRanksMax))
      ->capture_default_str();
  AddRunFlags(*evaluate, flags->run, "'data'");
  AddFormatOption(*evaluate, flags->format);
  evaluate->callback([flags, &exit_code] { exit_code = Evaluate(*flags); });
}

}  // namespace archsweep
