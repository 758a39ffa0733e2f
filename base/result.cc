#include "base/result.h"

#include "base/check.h"

namespace archsweep {

Error WithContext(Error error, const std::string& context) {
  error.message = context + ": " + error.message;
  return error;
}

Error Joined(const std::vector<Error>& errors) {
  CHECK(!errors.empty());
  Error joined = errors.front();
  for (size_t i = 1; i < errors.size(); ++i) joined.message += "\n" + errors[i].message;
  return joined;
}

}  // namespace archsweep
