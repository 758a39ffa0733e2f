#pragma once

#include "sweep/language/complaints.h"
#include "sweep/language/yaml_document.h"

namespace archsweep {

// Puts the preset that `include` names under the rest of the file: maps are merged key by key,
// every other value of the file replaces that of the preset, and a key without a value removes what
// the preset has there. The name is the file's own. What comes from the preset stands at the place
// of `include`.
void IncludePreset(YamlNode& root, Complaints& complaints);

}  // namespace archsweep
