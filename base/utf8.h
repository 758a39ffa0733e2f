#pragma once

#include <string_view>

namespace archsweep {

// Whether the bytes are text in UTF-8, without overlong forms and surrogates.
bool IsUtf8(std::string_view bytes);

}  // namespace archsweep
