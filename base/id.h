#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// 128 bits that name something; printed as 32 hexadecimal digits. `Tag` keeps ids of different
// things apart.
template <class Tag>
struct Id128 {
  std::array<uint8_t, 16> bytes{};
  friend auto operator<=>(const Id128&, const Id128&) = default;
};

struct TrialTag;
struct EvaluationTag;
struct SweepTag;
struct WorkerTag;
using TrialId = Id128<TrialTag>;            // Hash of the trial's canonical configuration.
using EvaluationId = Id128<EvaluationTag>;  // Hash of trial, checkpoint role and attack settings.
using SweepId = Id128<SweepTag>;            // Hash of the sweep's name.
using WorkerId = Id128<WorkerTag>;          // Random, one per life of an agent.

namespace id_internal {
std::string ToHex(const std::array<uint8_t, 16>& bytes);
Result<std::array<uint8_t, 16>> FromHex(std::string_view text);
std::array<uint8_t, 16> OfText(std::string_view text);
std::array<uint8_t, 16> Random();
}  // namespace id_internal

template <class Tag>
std::string ToHex(const Id128<Tag>& id) {
  return id_internal::ToHex(id.bytes);
}

// The first 8 digits: enough for people, never for a key.
template <class Tag>
std::string ShortHex(const Id128<Tag>& id) {
  return ToHex(id).substr(0, 8);
}

// kInvalidInput unless `text` is exactly 32 hexadecimal digits.
template <class Id>
Result<Id> ParseId(std::string_view text) {
  return id_internal::FromHex(text).map([](const auto& bytes) { return Id{bytes}; });
}

// The first 128 bits of the SHA-256 of `text`.
template <class Id>
Id IdOfText(std::string_view text) {
  return Id{id_internal::OfText(text)};
}

// From the kernel's random source.
template <class Id>
Id RandomId() {
  return Id{id_internal::Random()};
}

// 256 random bits in 64 hexadecimal digits, for tokens.
std::string RandomSecret();

}  // namespace archsweep
