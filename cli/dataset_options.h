#pragma once

#include <CLI/App.hpp>

namespace archsweep {

// Adds the options --classes and --image-size, for commands that look at a network without a data
// set; what the two hold now is the default. Both must outlive `command`.
void AddDatasetOptions(CLI::App& command, int& classes, int& image_size);

}  // namespace archsweep
