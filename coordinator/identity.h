#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "coordinator/certificate.h"
#include "proto/access/access.h"

namespace archsweep {

// By what a coordinator proves who it is, and knows who calls. Secret, but for the certificates.
struct Identity {
  std::map<Role, std::string> tokens;  // One of each role.
  Certificate authority;
  Certificate server;
};

// The identity kept in the folder `identity` of a state folder, which is for its owner alone; made
// at the first start. Tokens and authority stay from start to start, so that access files stay
// good; the server's certificate is made anew when it is not for all of `names` or ends soon.
// Needs the state folder's lock.
Result<Identity> OpenIdentity(const std::filesystem::path& state_folder,
                              const std::string& database, const std::vector<std::string>& names);

}  // namespace archsweep
