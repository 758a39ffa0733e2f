#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "proto/access/access.h"

namespace archsweep {

// Knows callers by the tokens that they show. Keeps only digests, and compares those in a time that
// tells nothing. Any thread.
class Authorization {
 public:
  explicit Authorization(const std::map<Role, std::string>& tokens);

  // The role of a caller that shows "Bearer TOKEN".
  std::optional<Role> RoleOf(std::string_view authorization) const;

  struct Refusal {
    bool unauthenticated = false;  // No token that is known was shown at all.
    std::string message;
    friend bool operator==(const Refusal&, const Refusal&) = default;
  };
  // Nothing if the caller shows a token of one of `roles`.
  std::optional<Refusal> Refuse(std::string_view authorization,
                                std::initializer_list<Role> roles) const;

 private:
  std::vector<std::pair<Role, Sha256::Digest>> digests_;
};

}  // namespace archsweep
