#include "worker/trainer/nccl_collective.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Nccl, IsTheLibraryThatWasBuiltFor) { EXPECT_TRUE(NcclVersion().starts_with("2.")); }

// A gang of one on one GPU goes through everything but the connection to others.
TEST(Nccl, WorksOnASingleGpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "needs a GPU";
  const at::Device gpu(at::kCUDA, 0);
  const auto gang = OpenNccl({}, gpu, nullptr, {}, {});
  const at::Tensor values = at::arange(1000, at::TensorOptions(gpu).dtype(at::kDouble));
  const at::Tensor copy = values.clone();
  const auto sum = gang->SumInPlace(values);
  sum->Wait();
  gang->Broadcast(values, 0);
  EXPECT_TRUE(at::equal(values, copy));
  EXPECT_EQ(gang->AllGatherBytes("flags"), std::vector<std::string>{"flags"});
  EXPECT_EQ(gang->AllGatherBytes(""), std::vector<std::string>{""});
  EXPECT_EQ(gang->Max(-7), -7);
}

}  // namespace
}  // namespace archsweep
