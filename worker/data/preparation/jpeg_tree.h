#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"

namespace archsweep {

struct LabelledFile {
  std::filesystem::path file;
  uint8_t label = 0;
  friend bool operator==(const LabelledFile&, const LabelledFile&) = default;
};

// The images of Tiny-ImageNet's published folder.
struct JpegTree {
  std::vector<LabelledFile> train;  // By class, and in a class by the name of the file.
  std::vector<LabelledFile> test;   // In the order of their list.
};

// Reads wnids.txt, which names the classes, lists train/WNID/images/*.JPEG and reads
// val/val_annotations.txt, whose images lie in val/images. Classes are numbered in the order of
// their names, as torchvision's ImageFolder does, and not in that of wnids.txt, so that networks
// trained elsewhere mean the same by a label. kNotFound or kCorrupt, with the file or folder, if
// something is missing or there are not `classes` classes.
Result<JpegTree> FindJpegs(const std::filesystem::path& folder, int classes);

}  // namespace archsweep
