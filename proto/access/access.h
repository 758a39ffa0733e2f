#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace archsweep {

// Who a caller is, by the token that it shows. What a role may do is decided at each method.
enum class Role {
  kWorker,    // Takes part in the conversation of workers, and nothing else.
  kUser,      // Reads and steers.
  kReadOnly,  // Reads.
};
inline constexpr Role kRoles[] = {Role::kWorker, Role::kUser, Role::kReadOnly};

std::string_view NameOf(Role role);  // "worker", "user", "read-only".
Result<Role> ParseRole(std::string_view name);

// What one role needs to call a coordinator.
struct Access {
  std::string database;  // Id of the database that the coordinator keeps.
  int64_t epoch = 0;     // Of the coordinator that wrote this; a later one has a larger.
  Role role = Role::kReadOnly;
  std::vector<std::string> addresses;  // "HOST:PORT", all of the same coordinator; not empty.
  std::string token;                   // Secret.
  std::string authority;  // The certificate, PEM, that signed the coordinator's; empty: plain text,
                          // which is for loopback addresses only.
  std::string http;       // URL of its HTTP listener; empty: it has none.
  friend bool operator==(const Access&, const Access&) = default;
};

// SHARED/access/ROLE.json. Each role has a file of its own, so that a person can be given one
// without the others.
std::filesystem::path AccessFile(const std::filesystem::path& shared_folder, Role role);

// Makes the folder if it is missing, for its owner alone, and replaces the file at once, with mode
// 0600.
Status WriteAccess(const std::filesystem::path& path, const Access& access);

// kNotFound: there is no such file, so no coordinator was ever started there. kDenied: it may not
// be read. kInvalidInput: it is something else, or of another version.
Result<Access> ReadAccess(const std::filesystem::path& path);

}  // namespace archsweep
