#include "proto/access/access.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "proto/access/address.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;
constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr size_t kAddressesMax = 64;
constexpr unsigned kFolderMode = 0700;
constexpr unsigned kFileMode = 0600;

Json ToJson(const Access& access) {
  return {{"version", kVersion},           {"database", access.database},
          {"epoch", access.epoch},         {"role", std::string(NameOf(access.role))},
          {"addresses", access.addresses}, {"token", access.token},
          {"authority", access.authority}, {"http", access.http}};
}

Result<Access> FromJson(const Json& json) {
  Access access;
  try {
    if (const int version = json.at("version").get<int>(); version != kVersion) {
      return Fail(ErrorKind::kInvalidInput,
                  Format("version: is {}; this program reads {}", version, kVersion));
    }
    json.at("database").get_to(access.database);
    json.at("epoch").get_to(access.epoch);
    json.at("addresses").get_to(access.addresses);
    json.at("token").get_to(access.token);
    json.at("authority").get_to(access.authority);
    json.at("http").get_to(access.http);
    TRY_ASSIGN(access.role, ParseRole(json.at("role").get<std::string>()));
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, error.what());
  }
  if (access.addresses.empty() || access.addresses.size() > kAddressesMax) {
    return Fail(ErrorKind::kInvalidInput, Format("addresses: are {}; there must be 1 to {}",
                                                 access.addresses.size(), kAddressesMax));
  }
  for (const std::string& address : access.addresses) TRY(ParseAddress(address));
  return access;
}

}  // namespace

std::string_view NameOf(Role role) {
  switch (role) {
    case Role::kWorker:
      return "worker";
    case Role::kUser:
      return "user";
    case Role::kReadOnly:
      return "read-only";
  }
  return "";
}

Result<Role> ParseRole(std::string_view name) {
  for (const Role role : kRoles) {
    if (NameOf(role) == name) return role;
  }
  return Fail(ErrorKind::kInvalidInput, Format("'{}' is not a role", name));
}

fs::path AccessFile(const fs::path& shared_folder, Role role) {
  return shared_folder / "access" / Format("{}.json", NameOf(role));
}

Status WriteAccess(const fs::path& path, const Access& access) {
  TRY(CreateFolders(path.parent_path().parent_path()));
  // The folder keeps the mode that a person has given to it since.
  if (mkdir(path.parent_path().c_str(), kFolderMode) != 0 && errno != EEXIST) {
    return tl::unexpected(SystemError(path.parent_path(), "be created"));
  }
  return WriteFileDurably(path, ToJson(access).dump(2) + "\n", kFileMode);
}

Result<Access> ReadAccess(const fs::path& path) {
  const auto text = ReadFile(path, kFileBytesMax);
  if (!text && access(path.c_str(), R_OK) != 0 && errno == EACCES) {
    return Fail(ErrorKind::kDenied,
                Format("{}: may not be read by this user; ask the owner of the coordinator for it",
                       path.string()));
  }
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return Fail(ErrorKind::kNotFound,
                Format("{}: is not there; start 'archsweep coordinator' with this shared folder",
                       path.string()));
  }
  if (!text) return tl::unexpected(text.error());
  // The message of a parser may quote the text, and that holds a secret.
  const auto json = ParseJson(*text);
  if (!json) return Fail(ErrorKind::kInvalidInput, Format("{}: is not JSON", path.string()));
  return FromJson(*json).map_error(
      [&](Error error) { return WithContext(std::move(error), path.string()); });
}

}  // namespace archsweep
