#include "base/json.h"

#include "base/file.h"
#include "base/text.h"

namespace archsweep {
namespace {

bool IsTooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\') ++i;
    if (in_string) continue;
    if (c == ']' || c == '}') --depth;
    if ((c == '[' || c == '{') && ++depth > kJsonDepthMax) return true;
  }
  return false;
}

}  // namespace

Result<Json> ParseJson(std::string_view text) {
  if (IsTooDeep(text)) {
    return Fail(ErrorKind::kInvalidInput,
                Format("the JSON text is nested more than {} levels deep", kJsonDepthMax));
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, error.what());
  }
}

Result<Json> ReadJsonFile(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kJsonFileBytesMax));
  return ParseJson(text).map_error(
      [&](Error error) { return WithContext(std::move(error), path.string()); });
}

}  // namespace archsweep
