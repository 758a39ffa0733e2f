#include "storage/submission.h"

#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "base/canonical_json.h"
#include "base/check.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "sweep/attempt/layout.h"
#include "sweep/attempt/plan.h"

namespace archsweep {
namespace {

std::string_view BytesOf(const TrialId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

// What the attack does, as canonical JSON. Sweeps have few attacks and very many evaluations.
class AttackTexts {
 public:
  const std::string& Of(const EvaluationSpec& evaluation) {
    for (const auto& [attack, settings, text] : known_) {
      if (attack == evaluation.attack && settings == evaluation.settings) return text;
    }
    known_.push_back({evaluation.attack, evaluation.settings,
                      CanonicalText(ToJson(evaluation.attack, evaluation.settings))});
    return known_.back().text;
  }

 private:
  struct Known {
    AttackKind attack;
    AttackSettings settings;
    std::string text;
  };
  std::deque<Known> known_;
};

// Of what the sweep wants and in which order; equal means that the tables already say so.
std::string Fingerprint(const ExpandedSweep& sweep) {
  Sha256 hash;
  AttackTexts attacks;
  for (const SweepTrial& trial : sweep.trials) hash.Update(BytesOf(trial.id));
  hash.Update("evaluations");
  for (const EvaluationSpec& evaluation : sweep.evaluations) {
    hash.Update(BytesOf(evaluation.trial));
    hash.Update(Format("{} {} {}\n", attacks.Of(evaluation), NameOf(evaluation.checkpoint),
                       evaluation.images));
  }
  const Resources& needed = sweep.resources;
  const QueuePolicy& queue = sweep.queue;
  hash.Update(Format("{} {} {} {} {} {} {}", needed.gpus, needed.ranks, needed.share,
                     NameOf(queue.order), queue.priority, queue.running_max, queue.failed_max));
  const Sha256::Digest digest = hash.Finish();
  return Hex(digest.data(), digest.size());
}

Status RefuseHugeSeeds(const ExpandedSweep& sweep) {
  constexpr uint64_t kSeedMax = std::numeric_limits<int64_t>::max();
  for (const SweepTrial& trial : sweep.trials) {
    if (trial.spec.seed > kSeedMax) {
      return Fail(ErrorKind::kInvalidInput,
                  Format("sweep '{}': seed {} is too large; the largest is {}", sweep.name,
                         trial.spec.seed, kSeedMax));
    }
  }
  return {};
}

// Writes one sweep within one transaction.
class SweepWriter {
 public:
  SweepWriter(Database& database, const ExpandedSweep& sweep, int64_t now_ms)
      : database_(database), sweep_(sweep), now_ms_(now_ms) {}

  // False: the tables said so already.
  Result<bool> WriteSweepRow() {
    const std::string fingerprint = Fingerprint(sweep_);
    TRY_ASSIGN(const auto same,
               database_.Integer("SELECT fingerprint = ?2 AND text = ?3 FROM sweep WHERE name = ?1",
                                 sweep_.name, fingerprint, sweep_.text));
    if (same.value_or(0) == 1) return false;
    const Resources& needed = sweep_.resources;
    const QueuePolicy& queue = sweep_.queue;
    TRY(database_.Run(
        "INSERT INTO sweep (name, text, fingerprint, created_ms, changed_ms, gpus, ranks, share, "
        "ordering, priority, running_max, failed_max) "
        "VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (name) DO UPDATE "
        "SET text = ?2, fingerprint = ?3, changed_ms = ?4, gpus = ?5, ranks = ?6, share = ?7, "
        "ordering = ?8, priority = ?9, running_max = ?10, failed_max = ?11",
        sweep_.name, sweep_.text, fingerprint, now_ms_, needed.gpus, needed.ranks, needed.share,
        NameOf(queue.order), queue.priority, queue.running_max, queue.failed_max));
    TRY_ASSIGN(const auto key,
               database_.Integer("SELECT key FROM sweep WHERE name = ?1", sweep_.name));
    key_ = key.value();
    return true;
  }

  // What the file no longer has stays unwanted after the following two.
  Status WithdrawAll() {
    TRY(database_.Run("UPDATE membership SET wanted = 0 WHERE sweep = ?1", key_));
    return database_.Run("UPDATE evaluation_membership SET wanted = 0 WHERE sweep = ?1", key_);
  }

  Status WriteTrials() {
    int64_t ordinal = 0;
    for (const SweepTrial& trial : sweep_.trials) {
      TRY_ASSIGN(const int64_t key, WriteTrial(trial));
      TRY(
          Want("INSERT INTO membership (sweep, trial, ordinal, wanted) VALUES (?1, ?2, ?3, 1) "
               "ON CONFLICT DO NOTHING",
               "UPDATE membership SET ordinal = ?3, wanted = 1 WHERE sweep = ?1 AND trial = ?2",
               key, ordinal++));
      trials_.emplace(trial.id, Written{key, &trial});
    }
    return {};
  }

  Status WriteEvaluations() {
    int64_t ordinal = 0;
    for (const EvaluationSpec& evaluation : sweep_.evaluations) {
      const auto trial = trials_.find(evaluation.trial);
      CHECK(trial != trials_.end());
      TRY_ASSIGN(const int64_t key, WriteEvaluation(evaluation, trial->second));
      TRY(
          Want("INSERT INTO evaluation_membership (sweep, evaluation, ordinal, wanted) "
               "VALUES (?1, ?2, ?3, 1) ON CONFLICT DO NOTHING",
               "UPDATE evaluation_membership SET ordinal = ?3, wanted = 1 "
               "WHERE sweep = ?1 AND evaluation = ?2",
               key, ordinal++));
    }
    return {};
  }

 private:
  struct Written {
    int64_t key = 0;
    const SweepTrial* trial = nullptr;
  };

  // Two statements, for an upsert opens a temporary table for every row.
  Status Want(std::string_view insert, std::string_view update, int64_t key, int64_t ordinal) {
    TRY(database_.Run(insert, key_, key, ordinal));
    if (database_.ChangedRows() == 1) return {};
    return database_.Run(update, key_, key, ordinal);
  }

  Result<int64_t> WriteTrial(const SweepTrial& trial) {
    const std::string id = ToHex(trial.id);
    const bool is_imported = trial.spec.IsImported();
    std::optional<int64_t> seed;
    if (!is_imported) seed = static_cast<int64_t>(trial.spec.seed);
    const ArchitectureSpec& net = trial.spec.architecture;
    // Null for networks of cells, which have none.
    const auto size_of = [&](const PerStage<int>& values, size_t stage) {
      return net.cells.genotype != nullptr ? std::nullopt : std::optional<int64_t>(values[stage]);
    };
    TRY(database_.Run(
        "INSERT INTO trial (id, kind, dataset, block, d1, d2, d3, w1, w2, w3, activation, "
        "pre_process, seed, parameters, macs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
        "?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING",
        id, is_imported ? "imported" : "trained", trial.spec.dataset.name, BlockText(net),
        size_of(net.depth, 0), size_of(net.depth, 1), size_of(net.depth, 2), size_of(net.width, 0),
        size_of(net.width, 1), size_of(net.width, 2), ActivationText(net), net.pre_process, seed,
        trial.parameters, trial.macs));
    if (database_.ChangedRows() == 0) return KnownKey("SELECT key FROM trial WHERE id = ?1", id);
    const int64_t key = database_.LastInsertedKey();
    TRY(database_.Run("INSERT INTO trial_config (trial, config) VALUES (?1, ?2)", key,
                      CanonicalText(ToJson(trial.spec))));
    TRY(trial.spec.IsImported() ? WriteImported(trial, key)
                                : WriteTask(TrainingTask(trial), key, std::nullopt));
    return key;
  }

  Status WriteTask(const TaskSpec& task, int64_t trial, std::optional<int64_t> evaluation) {
    return database_.Run(
        "INSERT INTO task (trial, evaluation, work, memory) VALUES (?1, ?2, ?3, ?4)", trial,
        evaluation, task.work, task.memory);
  }

  // The weights count as those of a training that is over.
  Status WriteImported(const SweepTrial& trial, int64_t key) {
    return database_.Run(
        "INSERT INTO training (trial, diverged, folder, model_sha256) VALUES (?1, 0, ?2, ?3)", key,
        ImportedWeights(trial.id).string(), *trial.spec.weights_sha256);
  }

  Result<int64_t> WriteEvaluation(const EvaluationSpec& evaluation, const Written& trial) {
    const std::string id = ToHex(IdOf(evaluation));
    TRY_ASSIGN(const int64_t attack, AttackKey(evaluation));
    TRY(
        database_.Run("INSERT INTO evaluation (id, trial, attack, checkpoint, images, "
                      "result_column) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                      id, trial.key, attack, NameOf(evaluation.checkpoint), evaluation.images,
                      ResultColumnOf(evaluation)));
    if (database_.ChangedRows() == 0) {
      return KnownKey("SELECT key FROM evaluation WHERE id = ?1", id);
    }
    const int64_t key = database_.LastInsertedKey();
    TRY(WriteTask(EvaluationTask(*trial.trial, evaluation), trial.key, key));
    return key;
  }

  Result<int64_t> AttackKey(const EvaluationSpec& evaluation) {
    const std::string& settings = attacks_.Of(evaluation);
    const auto found = attack_keys_.find(settings);
    if (found != attack_keys_.end()) return found->second;
    TRY(database_.Run("INSERT INTO attack (name, settings) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                      NameOf(evaluation.attack), settings));
    TRY_ASSIGN(const int64_t key, KnownKey("SELECT key FROM attack WHERE settings = ?1", settings));
    attack_keys_.emplace(settings, key);
    return key;
  }

  Result<int64_t> KnownKey(std::string_view sql, const std::string& id) {
    TRY_ASSIGN(const auto key, database_.Integer(sql, id));
    CHECK(key.has_value());
    return *key;
  }

  Database& database_;
  const ExpandedSweep& sweep_;
  int64_t now_ms_;
  int64_t key_ = 0;  // Of its row.
  std::map<TrialId, Written> trials_;
  AttackTexts attacks_;
  std::map<std::string, int64_t> attack_keys_;  // By text.
};

}  // namespace

Status WriteSweep(Database& database, const ExpandedSweep& sweep, int64_t epoch, int64_t now_ms) {
  TRY(RefuseHugeSeeds(sweep));
  SweepWriter writer(database, sweep, now_ms);
  TRY_ASSIGN(const bool changed, writer.WriteSweepRow());
  if (!changed) return {};
  TRY(writer.WithdrawAll());
  TRY(writer.WriteTrials());
  TRY(writer.WriteEvaluations());
  const Json data = {{"sweep", sweep.name},
                     {"trials", sweep.trials.size()},
                     {"evaluations", sweep.evaluations.size()}};
  return database.Run(
      "INSERT INTO event (at_ms, epoch, kind, data) VALUES (?1, ?2, 'sweep_submitted', ?3)", now_ms,
      epoch, data.dump());
}

}  // namespace archsweep
