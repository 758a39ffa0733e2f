#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace archsweep {

// A certificate and its private key, both PEM. The key is secret.
struct Certificate {
  std::string certificate;
  std::string key;
};

inline constexpr int kAuthorityDays = 3'650;
inline constexpr int kServerDays = 1'825;
inline constexpr int kRenewalDays = 365;  // A server's certificate that ends sooner is made anew.

// A certificate that signs others, for one database. Signed by itself, P-256.
Result<Certificate> MakeAuthority(const std::string& database);

// A server's certificate for `names`, each a DNS name or a number, signed by `authority`. Both are
// good from some days ago, for the clocks of other machines may be behind.
Result<Certificate> MakeServerCertificate(const Certificate& authority,
                                          const std::vector<std::string>& names);

// Whether the certificate is for all of `names`, signed by `authority`, and good for kRenewalDays
// more.
bool IsServerCertificate(const Certificate& server, const Certificate& authority,
                         const std::vector<std::string>& names);

}  // namespace archsweep
