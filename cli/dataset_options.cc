#include "cli/dataset_options.h"

#include <CLI/Validators.hpp>

namespace archsweep {
namespace {

constexpr int kImageSizeMax = 1024;
constexpr int kClassesMax = 100'000;

}  // namespace

void AddDatasetOptions(CLI::App& command, int& classes, int& image_size) {
  command.add_option("--classes", classes, "Classes of the data set")
      ->check(CLI::Range(1, kClassesMax))
      ->capture_default_str();
  command.add_option("--image-size", image_size, "Pixels a side")
      ->check(CLI::Range(1, kImageSizeMax))
      ->capture_default_str();
}

}  // namespace archsweep
