#include "base/sha256.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/text.h"

namespace archsweep {
void Sha256::Update(std::string_view bytes) {
  total_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (pending_size_ == 0 && bytes.size() >= kSha256BlockBytes) {
      const size_t blocks = bytes.size() / kSha256BlockBytes;
      TakeSha256Blocks(state_, reinterpret_cast<const uint8_t*>(bytes.data()), blocks);
      bytes.remove_prefix(blocks * kSha256BlockBytes);
      continue;
    }
    const size_t taken = std::min(bytes.size(), pending_.size() - pending_size_);
    std::memcpy(pending_.data() + pending_size_, bytes.data(), taken);
    pending_size_ += taken;
    bytes.remove_prefix(taken);
    if (pending_size_ == pending_.size()) {
      TakeSha256Blocks(state_, pending_.data(), 1);
      pending_size_ = 0;
    }
  }
}

Sha256::Digest Sha256::Finish() {
  const uint64_t bits = total_bytes_ * 8;
  std::string padding(1, '\x80');
  padding.append((119 - pending_size_) % 64, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) padding += static_cast<char>(bits >> shift);
  Update(padding);
  Digest digest;
  for (size_t i = 0; i < state_.size(); ++i) {
    for (size_t j = 0; j < 4; ++j)
      digest[4 * i + j] = static_cast<uint8_t>(state_[i] >> (24 - 8 * j));
  }
  return digest;
}

std::string Hex(const uint8_t* bytes, size_t count) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * count);
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

bool IsSha256Hex(std::string_view text) {
  constexpr size_t kDigits = 2 * std::tuple_size_v<Sha256::Digest>;
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string Sha256Hex(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  const Sha256::Digest digest = hash.Finish();
  return Hex(digest.data(), digest.size());
}

Result<std::string> Sha256HexOfFile(const std::filesystem::path& path) {
  constexpr size_t kPieceBytes = size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Fail(errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo,
                Format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  }
  Sha256 hash;
  std::vector<char> piece(kPieceBytes);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    hash.Update({piece.data(), static_cast<size_t>(file.gcount())});
  }
  if (file.bad()) return Fail(ErrorKind::kIo, Format("{}: reading failed", path.string()));
  const Sha256::Digest digest = hash.Finish();
  return Hex(digest.data(), digest.size());
}

}  // namespace archsweep
