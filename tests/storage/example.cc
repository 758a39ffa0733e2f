#include "tests/storage/example.h"

#include "storage/database.h"

namespace archsweep {
namespace {

// Set bits as in EvaluatedLine: image i in bit i % 8 of byte i / 8.
std::string FlagsOf(int64_t correct, int64_t images) {
  std::string flags(static_cast<size_t>((images + 7) / 8), '\0');
  for (int64_t i = 0; i < correct; ++i) {
    flags[static_cast<size_t>(i / 8)] =
        static_cast<char>(flags[static_cast<size_t>(i / 8)] | 1 << i % 8);
  }
  return flags;
}

}  // namespace

ExpandedSweep ExampleSweep(int trials, const std::vector<AttackKind>& attacks, int64_t images) {
  ExpandedSweep sweep{.name = "example", .text = "name: example\n"};
  for (int i = 0; i < trials; ++i) {
    TrialSpec spec{.dataset = {"cifar10-quickstart", "ccb6"},
                   .architecture = {.depth = {1, 2, 3}, .width = {4, 5, 6}},
                   .seed = static_cast<uint64_t>(i)};
    const TrialId id = IdOf(spec);
    sweep.trials.push_back({.id = id, .spec = spec, .parameters = 1'000 + i, .macs = 5'000 + i});
    for (const AttackKind attack : attacks) {
      sweep.evaluations.push_back({.trial = id, .attack = attack, .images = images});
    }
  }
  return sweep;
}

WorkerJoined ExampleWorker() {
  return {
      .worker = IdOfText<WorkerId>("worker"), .host = "host", .slots = 2, .version = "0.2.0 (def)"};
}

AttemptAssigned Assign(int64_t token, const TaskId& task, int number) {
  return {Token{token}, task, number, ExampleWorker().worker, {0, 1}};
}

AttemptStarted Start(int64_t token) {
  return {Token{token},
          {.version = "0.1.0 (abc)",
           .libraries = "torch 2.11.0",
           .device = "a processor",
           .threads = 2}};
}

EpochRecorded Epoch(int64_t token, int epoch, double seconds) {
  return {Token{token}, {.epoch = epoch, .loss = 2.5, .learning_rate = 0.1, .seconds = seconds}};
}

TrainingSucceeded Train(int64_t token, const TrialId& trial, bool diverged,
                        const std::string& folder) {
  TrainedLine line{.steps = 7, .diverged = diverged, .seconds = 3};
  if (!diverged) {
    line.folder = folder;
    line.model_sha256 = std::string(64, 'a');
  }
  return {Token{token}, trial, line};
}

EvaluationSucceeded Evaluate(int64_t token, const EvaluationId& evaluation, int64_t correct,
                             int64_t images) {
  return {Token{token},
          evaluation,
          {.images = images, .correct = correct, .loss = 1.25, .seconds = 4, .flags_file = "flags"},
          FlagsOf(correct, images)};
}

AttemptFailed Break(int64_t token, const TaskId& task, AfterFailure next) {
  return {Token{token}, task, {FailureClass::kTask, "it broke"}, next, 1, 0};
}

std::vector<Change> WholeTraining(int64_t token, const TrialId& trial, bool diverged) {
  return {Assign(token, TaskId::Train(trial)), Start(token), Train(token, trial, diverged)};
}

std::vector<Change> WholeEvaluation(int64_t token, const EvaluationId& evaluation, int64_t correct,
                                    int64_t images) {
  return {Assign(token, TaskId::Evaluate(evaluation)), Start(token),
          Evaluate(token, evaluation, correct, images)};
}

std::string RowsOf(const std::filesystem::path& state_folder, const std::string& sql) {
  Database database = Database::Open(state_folder / kDatabaseFile, OpenMode::kReadOnly).value();
  Statement rows = database.Query(sql).value();
  std::string text;
  while (rows.Step().value()) {
    for (int column = 0; column < rows.ColumnCount(); ++column) {
      text +=
          (column > 0 ? "|" : "") + (rows.IsNull(column) ? "null" : std::string(rows.Text(column)));
    }
    text += "\n";
  }
  return text;
}

}  // namespace archsweep
