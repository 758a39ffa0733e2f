#include "coordinator/authorization.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

const Authorization kKnown({{Role::kWorker, "w-secret"},
                            {Role::kUser, "u-secret"},
                            {Role::kReadOnly, "r-secret"}});

TEST(Authorizations, KnowEachRoleByItsToken) {
  EXPECT_EQ(kKnown.RoleOf("Bearer w-secret"), Role::kWorker);
  EXPECT_EQ(kKnown.RoleOf("Bearer u-secret"), Role::kUser);
  EXPECT_EQ(kKnown.RoleOf("Bearer r-secret"), Role::kReadOnly);
  for (const std::string& shown : {std::string(), std::string("w-secret"), std::string("Bearer "),
                                   std::string("bearer w-secret"), std::string("Bearer w-secre"),
                                   std::string("Bearer w-secret "), std::string("Bearer W-secret"),
                                   "Bearer " + std::string(100'000, 'w')}) {
    EXPECT_EQ(kKnown.RoleOf(shown), std::nullopt) << shown.substr(0, 30);
  }
}

TEST(Authorizations, TellAnUnknownCallerFromOneWhoMayNot) {
  EXPECT_EQ(kKnown.Refuse("Bearer u-secret", {Role::kUser, Role::kReadOnly}), std::nullopt);
  const auto unknown = kKnown.Refuse("Bearer x", {Role::kUser});
  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->unauthenticated);
  const auto other = kKnown.Refuse("Bearer w-secret", {Role::kUser});
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->unauthenticated);
  EXPECT_EQ(other->message.find("w-secret"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
