#include "coordinator/identity.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kSecretMode = 0600;
constexpr size_t kSecretBytesMax = size_t{64} << 10;
constexpr size_t kTokenDigits = 64;

// The content of a file; what `make` gives, written to it, where there is none.
template <class Make>
Result<std::string> ReadOrMake(const fs::path& path, Make make) {
  auto found = ReadFile(path, kSecretBytesMax);
  if (found || found.error().kind != ErrorKind::kNotFound) return found;
  TRY_ASSIGN(std::string made, make());
  TRY(WriteFileDurably(path, made, kSecretMode));
  return made;
}

Result<std::string> OpenToken(const fs::path& folder, Role role) {
  const fs::path path = folder / Format("{}.token", NameOf(role));
  TRY_ASSIGN(const std::string token,
             ReadOrMake(path, []() -> Result<std::string> { return RandomSecret(); }));
  if (token.size() == kTokenDigits) return token;
  return Fail(ErrorKind::kCorrupt,
              Format("{}: is not a token; remove it, and a new one is made", path.string()));
}

// Both parts in one file, so that they cannot come apart: the key first.
Certificate Split(const std::string& text) {
  const size_t middle = text.find("-----BEGIN CERTIFICATE-----");
  if (middle == std::string::npos) return {};
  return {.certificate = text.substr(middle), .key = text.substr(0, middle)};
}

Result<Certificate> OpenAuthority(const fs::path& folder, const std::string& database) {
  const auto make = [&] {
    return MakeAuthority(database).map(
        [](const Certificate& made) { return made.key + made.certificate; });
  };
  TRY_ASSIGN(const std::string text, ReadOrMake(folder / "authority.pem", make));
  return Split(text);
}

Result<Certificate> OpenServer(const fs::path& folder, const Certificate& authority,
                               const std::vector<std::string>& names) {
  const fs::path path = folder / "server.pem";
  if (const auto text = ReadFile(path, kSecretBytesMax)) {
    Certificate found = Split(*text);
    if (IsServerCertificate(found, authority, names)) return found;
  }
  TRY_ASSIGN(Certificate made, MakeServerCertificate(authority, names));
  TRY(WriteFileDurably(path, made.key + made.certificate, kSecretMode));
  return made;
}

}  // namespace

Result<Identity> OpenIdentity(const fs::path& state_folder, const std::string& database,
                              const std::vector<std::string>& names) {
  const fs::path folder = state_folder / "identity";
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return tl::unexpected(SystemError(folder, "be created"));
  }
  Identity identity;
  for (const Role role : kRoles) {
    TRY_ASSIGN(identity.tokens[role], OpenToken(folder, role));
  }
  TRY_ASSIGN(identity.authority, OpenAuthority(folder, database));
  TRY_ASSIGN(identity.server, OpenServer(folder, identity.authority, names));
  return identity;
}

}  // namespace archsweep
