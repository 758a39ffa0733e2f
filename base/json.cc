#include "base/json.h"

#include "base/file.h"

namespace archsweep {

Result<Json> ParseJson(std::string_view text) {
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
