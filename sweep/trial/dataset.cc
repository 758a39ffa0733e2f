#include "sweep/trial/dataset.h"

#include <array>
#include <vector>

#include "base/sha256.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr int64_t kCifarTrainImages = 50'000;
constexpr int64_t kCifarTestImages = 10'000;

RegisteredDataset Cifar10() {
  return {.name = "cifar10",
          .folder = "cifar-10-batches-bin",
          .digest = "",
          .content = "656611f1e523f449f8b5b26f2e4cfd3da3421adbb48c4ee9a98a85e888a888c0",
          .format = {.size = 32, .classes = 10},
          .layout = DatasetLayout::kCifar10,
          .train_images = kCifarTrainImages,
          .test_images = kCifarTestImages,
          .archive = PublishedArchive{
              .url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
              .bytes = 170'052'171,
              .sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}};
}

RegisteredDataset Cifar100() {
  return {.name = "cifar100",
          .folder = "cifar-100-binary",
          .digest = "",
          .content = "5c838f28314af20e4ba294ad670e90d9c74b710f4cb0cd7f19e93bf859695e67",
          .format = {.size = 32, .classes = 100},
          .layout = DatasetLayout::kCifar100,
          .train_images = kCifarTrainImages,
          .test_images = kCifarTestImages,
          .archive = PublishedArchive{
              .url = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
              .bytes = 168'513'733,
              .sha256 = "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"}};
}

// Its labelled test images are those that the publication calls validation. The digest is of
// decoded images, and what a JPEG decodes to is the decoder's: the registry holds none.
RegisteredDataset TinyImageNet() {
  return {.name = "tiny-imagenet",
          .folder = "tiny-imagenet-200",
          .digest = "",
          .content = "",
          .format = {.size = 64, .classes = 200},
          .layout = DatasetLayout::kPackedJpegs,
          .train_images = 100'000,
          .test_images = 10'000,
          .archive = PublishedArchive{
              .url = "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
              .bytes = 248'100'043,
              .sha256 = "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821"}};
}

RegisteredDataset Quickstart() {
  return {.name = "cifar10-quickstart",
          .folder = "cifar10-quickstart",
          .digest = "ccb61b138111f902fea38eec8c9883a4b607c93e9f30979bc641be12501e77d9",
          .content = "ccb61b138111f902fea38eec8c9883a4b607c93e9f30979bc641be12501e77d9",
          .format = {.size = 32, .classes = 10},
          .layout = DatasetLayout::kCifar10,
          .train_images = 1'017,
          .test_images = 1'017,
          .archive = std::nullopt};
}

RegisteredDataset Synthetic() {
  return {.name = "synthetic",
          .folder = "",
          .digest = "17e5bd0a5594fa5ab664b871ac29f586e67d97e1311898bc2795c341de23c6e4",
          .content = "17e5bd0a5594fa5ab664b871ac29f586e67d97e1311898bc2795c341de23c6e4",
          .format = {.size = 32, .classes = 10},
          .layout = DatasetLayout::kSynthetic,
          .train_images = 2'048,
          .test_images = 512,
          .archive = std::nullopt};
}

}  // namespace

std::span<const RegisteredDataset> RegisteredDatasets() {
  static const std::array<RegisteredDataset, 5> kDatasets = {Cifar10(), Cifar100(), TinyImageNet(),
                                                             Quickstart(), Synthetic()};
  return kDatasets;
}

std::string DatasetDigest(std::string_view train_records_sha256_hex,
                          std::string_view test_records_sha256_hex) {
  return Sha256Hex(Format("{}{}", train_records_sha256_hex, test_records_sha256_hex));
}

Json ToJson(const DatasetRef& ref) {
  Json json = {{"name", ref.name}, {"digest", ref.digest}};
  if (!ref.extra.empty()) json["extra"] = ref.extra;
  return json;
}

DatasetRef DatasetRefFrom(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .digest = json.at("digest").get<std::string>(),
          .extra = json.value("extra", "")};
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
