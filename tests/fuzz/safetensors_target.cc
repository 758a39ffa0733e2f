#include "base/check.h"
#include "base/safetensors_header.h"
#include "tests/fuzz/targets.h"

namespace archsweep {

void FuzzSafetensors(std::string_view bytes) {
  const auto header = ParseSafetensorsHeader(bytes, bytes.size());
  if (!header) return CHECK(!header.error().message.empty());
  size_t at = 0;
  for (const TensorEntry& entry : header->tensors) {
    CHECK(entry.begin == at && entry.begin <= entry.end);
    at = entry.end;
  }
  CHECK(header->data_begin + at == bytes.size());
}

}  // namespace archsweep
