#include "worker/trainer/attacks/autoattack_state.h"

#include <algorithm>
#include <limits>
#include <string_view>

namespace archsweep {
namespace {

// What a file says of the chain as a whole, and of each stage.
enum ChainField { kStage, kBatchesDone, kLooksRandom, kLooksLikeProbabilities, kChainFields };
constexpr int64_t kStageFields = 7;

template <class Value>
at::Tensor ToTensor(const std::vector<Value>& values) {
  return at::tensor(at::ArrayRef<Value>(values), at::CppTypeToScalarType<Value>::value);
}

template <class Value>
std::vector<Value> ToVector(const at::Tensor& tensor) {
  const Value* const values = tensor.const_data_ptr<Value>();
  return {values, values + tensor.numel()};
}

// The tensor of that name, type and number of dimensions; undefined if there is none.
at::Tensor Find(const NamedTensors& tensors, std::string_view name, at::ScalarType type,
                int64_t dimensions) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  if (found == tensors.end() || found->tensor.scalar_type() != type ||
      found->tensor.dim() != dimensions) {
    return {};
  }
  return found->tensor;
}

StageReport ToReport(const int64_t* fields) {
  return {.attacked = fields[0],
          .standing = fields[1],
          .passes = {.done = {fields[2], fields[3]}, .reference = {fields[4], fields[5]}},
          .without_gradient = fields[6]};
}

bool IsPossible(const AutoAttackState& state, const AutoAttackSettings& settings, int64_t images) {
  const auto stages = static_cast<int64_t>(settings.parts.size()) + 1;
  if (state.Images() != images || state.margins.size() != state.broken_by.size()) return false;
  if (state.stage < 0 || state.stage > stages) return false;
  if (static_cast<int64_t>(state.stages.size()) > stages) return false;
  if (state.stage < stages && static_cast<int64_t>(state.stages.size()) != state.stage + 1) {
    return false;
  }
  const int64_t batches = (images + settings.batch - 1) / settings.batch;
  if (state.batches_done < 0 || state.batches_done > batches) return false;
  return std::ranges::all_of(state.broken_by,
                             [&](int64_t stage) {
                               return stage >= AutoAttackState::kStanding && stage < stages;
                             }) &&
         std::ranges::all_of(state.doubtful,
                             [&](int64_t image) { return image >= 0 && image < images; });
}

}  // namespace

int64_t AutoAttackState::Standing() const {
  return std::ranges::count(broken_by, AutoAttackState::kStanding);
}

AutoAttackState NewAutoAttack(int64_t images) {
  AutoAttackState state;
  state.broken_by.assign(static_cast<size_t>(images), AutoAttackState::kStanding);
  state.margins.assign(static_cast<size_t>(images), std::numeric_limits<double>::max());
  state.stages = {{.attacked = images, .standing = images}};
  return state;
}

std::vector<int64_t> AttackedImages(const AutoAttackState& state) {
  std::vector<int64_t> images;
  for (int64_t i = 0; i < state.Images(); ++i) {
    const int64_t broken_by = state.broken_by[static_cast<size_t>(i)];
    if (broken_by == AutoAttackState::kStanding || broken_by == state.stage) images.push_back(i);
  }
  return images;
}

NamedTensors ToTensors(const AutoAttackState& state) {
  std::vector<int64_t> chain(kChainFields);
  chain[kStage] = state.stage;
  chain[kBatchesDone] = state.batches_done;
  chain[kLooksRandom] = state.looks_random ? 1 : 0;
  chain[kLooksLikeProbabilities] = state.looks_like_probabilities ? 1 : 0;
  std::vector<int64_t> stages;
  for (const StageReport& report : state.stages) {
    const PassLedger& passes = report.passes;
    stages.insert(stages.end(), {report.attacked, report.standing, passes.done.forward_only,
                                 passes.done.with_gradient, passes.reference.forward_only,
                                 passes.reference.with_gradient, report.without_gradient});
  }
  return {{"chain", ToTensor(chain)},
          {"stages", ToTensor(stages).view({-1, kStageFields})},
          {"broken_by", ToTensor(state.broken_by)},
          {"margins", ToTensor(state.margins)},
          {"doubtful", ToTensor(state.doubtful)},
          {"seconds", ToTensor(std::vector<double>{state.seconds})}};
}

Result<AutoAttackState> ParseAutoAttackState(const NamedTensors& tensors,
                                             const AutoAttackSettings& settings, int64_t images) {
  const at::Tensor chain = Find(tensors, "chain", at::kLong, 1);
  const at::Tensor stages = Find(tensors, "stages", at::kLong, 2);
  const at::Tensor broken_by = Find(tensors, "broken_by", at::kLong, 1);
  const at::Tensor margins = Find(tensors, "margins", at::kDouble, 1);
  const at::Tensor doubtful = Find(tensors, "doubtful", at::kLong, 1);
  const at::Tensor seconds = Find(tensors, "seconds", at::kDouble, 1);
  for (const at::Tensor& tensor : {chain, stages, broken_by, margins, doubtful, seconds}) {
    if (!tensor.defined()) return Fail(ErrorKind::kCorrupt, "the state of the attacks is damaged");
  }
  if (chain.numel() != kChainFields || stages.size(1) != kStageFields || seconds.numel() != 1) {
    return Fail(ErrorKind::kCorrupt, "the state of the attacks is of another version");
  }
  const auto fields = ToVector<int64_t>(chain);
  AutoAttackState state = {.stage = fields[kStage],
                           .batches_done = fields[kBatchesDone],
                           .broken_by = ToVector<int64_t>(broken_by),
                           .margins = ToVector<double>(margins),
                           .doubtful = ToVector<int64_t>(doubtful),
                           .stages = {},
                           .looks_random = fields[kLooksRandom] != 0,
                           .looks_like_probabilities = fields[kLooksLikeProbabilities] != 0,
                           .seconds = seconds.item<double>()};
  for (int64_t i = 0; i < stages.size(0); ++i) {
    state.stages.push_back(ToReport(stages.const_data_ptr<int64_t>() + i * kStageFields));
  }
  if (!IsPossible(state, settings, images)) {
    return Fail(ErrorKind::kCorrupt, "the state of the attacks belongs to another evaluation");
  }
  return state;
}

}  // namespace archsweep
