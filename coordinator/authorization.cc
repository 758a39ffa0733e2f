#include "coordinator/authorization.h"

#include <algorithm>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::string_view kScheme = "Bearer ";
constexpr size_t kTokenBytesMax = 1'024;

Sha256::Digest DigestOf(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  return hash.Finish();
}

bool Equal(const Sha256::Digest& a, const Sha256::Digest& b) {
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

Authorization::Authorization(const std::map<Role, std::string>& tokens) {
  for (const auto& [role, token] : tokens) digests_.emplace_back(role, DigestOf(token));
}

std::optional<Role> Authorization::RoleOf(std::string_view authorization) const {
  if (!authorization.starts_with(kScheme)) return std::nullopt;
  authorization.remove_prefix(kScheme.size());
  if (authorization.size() > kTokenBytesMax) return std::nullopt;
  const Sha256::Digest digest = DigestOf(authorization);
  std::optional<Role> found;
  for (const auto& [role, known] : digests_) {
    if (Equal(digest, known)) found = role;
  }
  return found;
}

std::optional<Authorization::Refusal> Authorization::Refuse(
    std::string_view authorization, std::initializer_list<Role> roles) const {
  const auto role = RoleOf(authorization);
  if (!role) return Refusal{true, "the call carries no valid token"};
  if (std::ranges::find(roles, *role) != roles.end()) return std::nullopt;
  return Refusal{false, Format("the token is of a {}, who may not do this", NameOf(*role))};
}

}  // namespace archsweep
