#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/weights_file.h"
#include "sweep/trial/trial.h"

namespace archsweep {

// What a person says of the network of some weights; what is empty is to be found out.
struct NetworkHints {
  std::string architecture;  // A name, a map in braces, or a file that holds one of them.
  std::string dataset;       // Likewise, but no file.
};

// The hints, understood.
struct KnownNetwork {
  std::optional<ArchitectureSpec> architecture;
  std::vector<DatasetRef> datasets;  // To try: the one that was named, or all, each format once.
  bool is_dataset_given = false;
};

// kInvalidInput or, of a file, kNotFound and kIo, with all mistakes.
Result<KnownNetwork> ReadHints(const NetworkHints& hints);

struct NetworkChoice {
  ArchitectureSpec architecture;
  DatasetRef dataset;
  std::string found_by;  // For people; empty where all was said.
};

// The network whose tensors have the names and shapes of the weights, and the data that it is for:
// as is known, otherwise as the trial that left the weights if the state folder knows it,
// otherwise the one network with a name that fits. Activations cannot be seen in weights, so where
// several fit the choice is left to the person. kInvalidInput says what does not fit and what to
// give.
Result<NetworkChoice> ChooseNetwork(const WeightsFile& weights, const KnownNetwork& known,
                                    const std::filesystem::path& state_folder);

}  // namespace archsweep
