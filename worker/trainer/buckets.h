#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace archsweep {

// Gradients are summed over ranks in pieces of these sizes: a small one first, so that the sums
// begin early, then ones that are large enough to move fast (reference, section 4.2).
inline constexpr int64_t kFirstBucketBytes = int64_t{1} << 20;
inline constexpr int64_t kBucketBytes = int64_t{25} << 20;

struct Bucket {
  int64_t elements = 0;
  std::vector<size_t> parameters;  // In their order in the bucket.
};

// Cuts parameters of so many elements into buckets: from the last parameter to the first, as
// backward meets them. A bucket is closed when it has its size, which its last parameter may
// exceed.
std::vector<Bucket> PlanBuckets(std::span<const int64_t> elements, int64_t element_bytes);

}  // namespace archsweep
