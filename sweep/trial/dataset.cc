#include "sweep/trial/dataset.h"

#include <array>
#include <vector>

#include "base/sha256.h"
#include "base/text.h"

namespace archsweep {

std::span<const RegisteredDataset> RegisteredDatasets() {
  static const std::array<RegisteredDataset, 4> kDatasets = {{
      {.name = "cifar10",
       .folder = "cifar-10-batches-bin",
       .digest = "",
       .format = {.size = 32, .classes = 10},
       .train_images = 50'000,
       .test_images = 10'000},
      {.name = "cifar100",
       .folder = "cifar-100-binary",
       .digest = "",
       .format = {.size = 32, .classes = 100},
       .layout = DatasetLayout::kPlanned,
       .train_images = 50'000,
       .test_images = 10'000},
      {.name = "tiny-imagenet",
       .folder = "tiny-imagenet-200",
       .digest = "",
       .format = {.size = 64, .classes = 200},
       .layout = DatasetLayout::kPlanned,
       .train_images = 100'000,
       .test_images = 10'000},
      {.name = "cifar10-quickstart",
       .folder = "cifar10-quickstart",
       .digest = "ccb61b138111f902fea38eec8c9883a4b607c93e9f30979bc641be12501e77d9",
       .format = {.size = 32, .classes = 10},
       .train_images = 1'017,
       .test_images = 1'017},
  }};
  return kDatasets;
}

std::string DatasetDigest(std::string_view train_records_sha256_hex,
                          std::string_view test_records_sha256_hex) {
  return Sha256Hex(Format("{}{}", train_records_sha256_hex, test_records_sha256_hex));
}

Result<RegisteredDataset> DatasetByName(std::string_view name) {
  std::vector<std::string> names;
  for (const RegisteredDataset& dataset : RegisteredDatasets()) {
    if (dataset.name == name) return dataset;
    names.push_back(dataset.name);
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown data set '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

}  // namespace archsweep
