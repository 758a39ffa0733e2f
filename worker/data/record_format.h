#pragma once

#include <cstddef>

#include "sweep/trial/dataset.h"

namespace archsweep {

// The binary formats of CIFAR: a file is a sequence of records, each one label byte (in CIFAR-100
// one of the coarse class before it) and then the red, green and blue planes, row by row.
struct RecordFormat {
  int size = 32;           // Pixels a side.
  int classes = 10;        // Labels are below it.
  int coarse_classes = 0;  // Coarse labels are below it; they are checked, but not kept.

  constexpr size_t LabelBytes() const { return coarse_classes > 0 ? 2 : 1; }
  constexpr size_t ImageBytes() const { return size_t{3} * static_cast<size_t>(size) * size; }
  constexpr size_t RecordBytes() const { return LabelBytes() + ImageBytes(); }
};

inline constexpr int kCifar100CoarseClasses = 20;

// Of the training and test images.
inline RecordFormat RecordFormatOf(const RegisteredDataset& dataset) {
  const bool has_coarse = dataset.layout == DatasetLayout::kCifar100;
  return {.size = dataset.format.size,
          .classes = dataset.format.classes,
          .coarse_classes = has_coarse ? kCifar100CoarseClasses : 0};
}

// Of further images to train on: a label and the pixels.
inline RecordFormat ExtraFormatOf(const RegisteredDataset& dataset) {
  return {.size = dataset.format.size, .classes = dataset.format.classes};
}

}  // namespace archsweep
