#include "cli/import_sweep.h"

#include <algorithm>
#include <string_view>

#include "base/json.h"
#include "base/text.h"
#include "sweep/language/expansion.h"

namespace archsweep {
namespace {

struct GivenSetting {
  std::string_view key;
  std::string value;
};

std::vector<GivenSetting> SettingsIn(const AttackRequest& request) {
  std::vector<GivenSetting> given;
  if (request.batch) given.push_back({"batch", Format("{}", *request.batch)});
  if (request.seed) given.push_back({"seed", Format("{}", *request.seed)});
  if (!request.savings.empty()) given.push_back({"savings", request.savings});
  return given;
}

bool Has(AttackKind attack, std::string_view key) {
  const std::vector<std::string> keys = SettingKeysOf(attack);
  return std::ranges::find(keys, key) != keys.end();
}

std::string EvaluationText(AttackKind attack, const AttackRequest& request) {
  std::string text = Format("{{attack: {}", NameOf(attack));
  if (request.images) text += Format(", images: {}", *request.images);
  for (const GivenSetting& setting : SettingsIn(request)) {
    if (Has(attack, setting.key)) text += Format(", {}: {}", setting.key, setting.value);
  }
  return text + "}";
}

std::string DatasetText(const DatasetRef& dataset) {
  if (dataset.digest == DatasetByName(dataset.name).value().digest) return dataset.name;
  return Format("{{name: {}, digest: {}}}", dataset.name, dataset.digest);
}

}  // namespace

Result<std::vector<AttackKind>> ReadAttacks(const AttackRequest& request) {
  std::vector<AttackKind> attacks;
  std::vector<Error> problems;
  std::vector<std::string> names = Split(request.attacks, ',');
  for (std::string& name : names) {
    std::erase(name, ' ');
    const auto attack = AttackByName(name);
    if (attack) {
      attacks.push_back(*attack);
    } else {
      problems.push_back(WithContext(attack.error(), "--attacks"));
    }
  }
  if (!request.savings.empty()) {
    const auto savings = SavingsByName(request.savings);
    if (!savings) problems.push_back(WithContext(savings.error(), "--savings"));
  }
  for (const GivenSetting& setting : SettingsIn(request)) {
    const auto has = [&](AttackKind attack) { return Has(attack, setting.key); };
    if (!problems.empty() || std::ranges::any_of(attacks, has)) continue;
    problems.push_back({ErrorKind::kInvalidInput,
                        Format("--{} has no meaning for {}", setting.key, Join(names, ", "))});
  }
  if (!problems.empty()) return tl::unexpected(Joined(problems));
  return attacks;
}

Result<ExpandedSweep> ImportSweep(const std::string& weights_sha256, const NetworkChoice& choice,
                                  const std::vector<AttackKind>& attacks,
                                  const AttackRequest& request, const Resources& resources) {
  std::string body =
      Format("base:\n  dataset: {}\n  architecture: {}\n  weights: {}\nevaluations:\n",
             DatasetText(choice.dataset), ToJson(choice.architecture).dump(), weights_sha256);
  for (const AttackKind attack : attacks) {
    body += Format("  - {}\n", EvaluationText(attack, request));
  }
  const std::string ranks = resources.ranks > 1 ? Format(", ranks: {}", resources.ranks) : "";
  body += Format("resources: {{gpus: {}{}}}\n", resources.gpus, ranks);
  // The id of the trial does not depend on the name of the sweep.
  TRY_ASSIGN(const ExpandedSweep unnamed, ExpandSweep("archsweep evaluate", "name: x\n" + body));
  const std::string name = "evaluate-" + ShortHex(unnamed.trials.front().id);
  return ExpandSweep(name + ".yaml",
                     Format("# Written by archsweep evaluate.\nname: {}\n{}", name, body));
}

}  // namespace archsweep
