#include "coordinator/certificate.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

const std::vector<std::string> kNames = {"archsweep-coordinator", "node-7", "10.0.0.1", "::1"};

TEST(Certificates, AreForTheirNamesAndSignedByTheirAuthority) {
  const Certificate authority = MakeAuthority("d").value();
  const Certificate server = MakeServerCertificate(authority, kNames).value();
  EXPECT_TRUE(IsServerCertificate(server, authority, kNames));
  EXPECT_TRUE(IsServerCertificate(server, authority, {"10.0.0.1"}));
  EXPECT_FALSE(IsServerCertificate(server, authority, {"10.0.0.2"}));
  EXPECT_FALSE(IsServerCertificate(server, authority, {"node-7", "node-8"}));
  const Certificate other = MakeAuthority("d").value();
  EXPECT_FALSE(IsServerCertificate(server, other, kNames));
  EXPECT_FALSE(IsServerCertificate({server.certificate, other.key}, authority, kNames));
  EXPECT_FALSE(IsServerCertificate({"", ""}, authority, kNames));
}

TEST(Certificates, NeedAnAuthorityAndNames) {
  EXPECT_FALSE(MakeServerCertificate({"not a certificate", "not a key"}, kNames));
  EXPECT_FALSE(MakeServerCertificate(MakeAuthority("d").value(), {}));
}

}  // namespace
}  // namespace archsweep
