#pragma once

#include <algorithm>
#include <map>
#include <span>

namespace archsweep {

// How many attempts use each slot of a worker, and how many may. A slot holds as many as every one
// that uses it allows.
class SlotTable {
 public:
  bool HasRoom(std::span<const int> slots, int share) const {
    return std::ranges::all_of(slots, [&](int slot) {
      const auto found = uses_.find(slot);
      return found == uses_.end() || found->second.attempts < std::min(found->second.share, share);
    });
  }

  void Take(std::span<const int> slots, int share) {
    for (const int slot : slots) {
      Use& use = uses_.try_emplace(slot, Use{0, share}).first->second;
      ++use.attempts;
      use.share = std::min(use.share, share);
    }
  }

 private:
  struct Use {
    int attempts = 0;
    int share = 1;
  };
  std::map<int, Use> uses_;
};

}  // namespace archsweep
