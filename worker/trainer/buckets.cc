#include "worker/trainer/buckets.h"

namespace archsweep {

std::vector<Bucket> PlanBuckets(std::span<const int64_t> elements, int64_t element_bytes) {
  std::vector<Bucket> buckets;
  bool is_open = false;
  for (size_t i = elements.size(); i-- > 0;) {
    if (!is_open) buckets.emplace_back();
    Bucket& bucket = buckets.back();
    bucket.parameters.push_back(i);
    bucket.elements += elements[i];
    const int64_t bytes_max = buckets.size() == 1 ? kFirstBucketBytes : kBucketBytes;
    is_open = bucket.elements * element_bytes < bytes_max;
  }
  return buckets;
}

}  // namespace archsweep
