#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/safetensors_header.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Weights that a person names, by what can be read without torch.
struct WeightsFile {
  std::filesystem::path path;
  std::string sha256;
  std::vector<TensorEntry> tensors;
  std::optional<TrialId> trial;  // Of a checkpoint of archsweep's own: the trial that left it.
};

// `path` is a safetensors file, or a folder with model.safetensors and a manifest, or one above the
// only such folder. Reads the whole file for its digest, which must be that of the manifest if
// there is one. Errors name the file and what it should be.
Result<WeightsFile> OpenWeights(const std::filesystem::path& path);

// Copies the weights of an imported trial to where its evaluations look for them below the state
// folder, unless they are there already. kInvalidInput if the file is another one than `sha256`
// says.
Status ImportWeights(const std::filesystem::path& file, const std::string& sha256,
                     const TrialId& trial, const std::filesystem::path& state_folder);

// Whether the weights of all imported trials are where they belong.
Status CheckImportedWeights(const ExpandedSweep& sweep, const std::filesystem::path& state_folder);

}  // namespace archsweep
