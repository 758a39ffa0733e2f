#include "worker/trainer/verdict_files.h"

#include "base/file.h"
#include "worker/trainer/safetensors.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr char kFlagsFile[] = "flags.bin";
constexpr char kArtifactFile[] = "images.safetensors";

// Bit i of byte i / 8, lowest first.
std::string FlagBytes(const at::Tensor& right) {
  const auto images = static_cast<size_t>(right.numel());
  std::string flags((images + 7) / 8, '\0');
  const bool* values = right.const_data_ptr<bool>();
  for (size_t i = 0; i < images; ++i) {
    if (values[i]) flags[i / 8] = static_cast<char>(flags[i / 8] | 1 << i % 8);
  }
  return flags;
}

}  // namespace

void WriteVerdicts(const std::filesystem::path& folder, const ImageVerdicts& verdicts,
                   EvaluatedLine& line) {
  const at::Tensor right = verdicts.right.to(at::kBool).contiguous();
  const Status flags = WriteFileDurably(folder / kFlagsFile, FlagBytes(right));
  if (!flags) FailTask(FailureClass::kStorage, flags.error().message);
  const auto artifact = WriteSafetensors(
      folder / kArtifactFile, {{"margin", verdicts.margins.to(at::kFloat).contiguous()},
                               {"broken_by", verdicts.broken_by.to(at::kByte).contiguous()}});
  if (!artifact) FailTask(FailureClass::kStorage, artifact.error().message);
  line.images = right.numel();
  line.correct = right.sum().item<int64_t>();
  line.flags_file = kFlagsFile;
  line.artifact = ArtifactRef{.file = kArtifactFile, .sha256 = artifact->sha256};
}

}  // namespace archsweep
