#include "coordinator/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"
#include "proto/access/channel.h"

namespace archsweep {
namespace {

constexpr int kSerialBytes = 16;
constexpr long kDaySeconds = 86'400;
constexpr long kBackdatedDays = 30;

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Freed<X509_free>>;
using BioPointer = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using ExtensionPointer = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

tl::unexpected<Error> Failed(std::string_view what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  return Fail(ErrorKind::kIo, Format("OpenSSL cannot {}: {}", what, reason.data()));
}

std::string TextOf(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(size)};
}

bool IsNumber(const std::string& name) {
  std::array<uint8_t, sizeof(in6_addr)> number{};
  return inet_pton(AF_INET, name.c_str(), number.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), number.data()) == 1;
}

std::string AlternativeNames(const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) {
    parts.push_back(Format("{}:{}", IsNumber(name) ? "IP" : "DNS", name));
  }
  return Join(parts, ",");
}

Result<X509Pointer> ReadCertificate(const std::string& pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Pointer certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) return Failed("read a certificate");
  return certificate;
}

Result<Key> ReadKey(const std::string& pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return Failed("read a private key");
  return key;
}

bool SetSerial(X509* certificate) {
  std::array<uint8_t, kSerialBytes> bytes{};
  if (RAND_bytes(bytes.data(), kSerialBytes) != 1) return false;
  bytes[0] &= 0x7f;  // Not negative.
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(
      BN_bin2bn(bytes.data(), kSerialBytes, nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetName(X509_NAME* subject, const std::string& name) {
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const uint8_t*>(name.c_str()), -1, -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<Certificate> Written(X509* certificate, EVP_PKEY* key) {
  const BioPointer public_part(BIO_new(BIO_s_mem()));
  const BioPointer secret_part(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(public_part.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(secret_part.get(), key, nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return Failed("write a certificate");
  }
  return Certificate{TextOf(public_part.get()), TextOf(secret_part.get())};
}

using Extensions = std::vector<std::pair<int, std::string>>;

// Signed by the issuer's key; by itself where there is no issuer.
Result<Certificate> Make(const std::string& name, int days, const Extensions& extensions,
                         X509* issuer, EVP_PKEY* issuer_key) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Pointer made(X509_new());
  if (!key || !made) return Failed("make a key");
  X509* const signer = issuer != nullptr ? issuer : made.get();
  bool good = X509_set_version(made.get(), X509_VERSION_3) == 1 && SetSerial(made.get()) &&
              SetName(X509_get_subject_name(made.get()), name) &&
              X509_set_issuer_name(made.get(), X509_get_subject_name(signer)) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(made.get()), -kBackdatedDays * kDaySeconds) &&
              X509_gmtime_adj(X509_getm_notAfter(made.get()), days * kDaySeconds) &&
              X509_set_pubkey(made.get(), key.get()) == 1;
  for (const auto& [id, value] : extensions) {
    good = good && AddExtension(made.get(), signer, id, value);
  }
  EVP_PKEY* const signing = issuer_key != nullptr ? issuer_key : key.get();
  if (!good || X509_sign(made.get(), signing, EVP_sha256()) == 0) {
    return Failed("make a certificate");
  }
  return Written(made.get(), key.get());
}

bool IsFor(X509* certificate, const std::string& name) {
  return IsNumber(name) ? X509_check_ip_asc(certificate, name.c_str(), 0) == 1
                        : X509_check_host(certificate, name.c_str(), 0, 0, nullptr) == 1;
}

}  // namespace

Result<Certificate> MakeAuthority(const std::string& database) {
  return Make("archsweep " + database, kAuthorityDays,
              {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
               {NID_key_usage, "critical,keyCertSign,cRLSign"},
               {NID_subject_key_identifier, "hash"}},
              nullptr, nullptr);
}

Result<Certificate> MakeServerCertificate(const Certificate& authority,
                                          const std::vector<std::string>& names) {
  TRY_ASSIGN(const X509Pointer issuer, ReadCertificate(authority.certificate));
  TRY_ASSIGN(const Key issuer_key, ReadKey(authority.key));
  return Make(kCoordinatorName, kServerDays,
              {{NID_basic_constraints, "critical,CA:FALSE"},
               {NID_key_usage, "critical,digitalSignature"},
               {NID_ext_key_usage, "serverAuth"},
               {NID_subject_alt_name, AlternativeNames(names)}},
              issuer.get(), issuer_key.get());
}

bool IsServerCertificate(const Certificate& server, const Certificate& authority,
                         const std::vector<std::string>& names) {
  const auto certificate = ReadCertificate(server.certificate);
  const auto issuer = ReadCertificate(authority.certificate);
  const auto key = ReadKey(server.key);
  if (!certificate || !issuer || !key) return false;
  X509* const found = certificate->get();
  time_t soon = time(nullptr) + kRenewalDays * kDaySeconds;
  return X509_verify(found, X509_get0_pubkey(issuer->get())) == 1 &&
         X509_check_private_key(found, key->get()) == 1 &&
         X509_cmp_time(X509_get0_notAfter(found), &soon) > 0 &&
         std::ranges::all_of(names, [&](const std::string& name) { return IsFor(found, name); });
}

}  // namespace archsweep
