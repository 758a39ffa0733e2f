#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace archsweep {
namespace {

// Numbers must not depend on the machine that the tests run on, and several tests run at a time.
class OneThread : public testing::Environment {
 public:
  void SetUp() override { at::set_num_threads(1); }
};

[[maybe_unused]] const testing::Environment* const kOneThread =
    testing::AddGlobalTestEnvironment(new OneThread);

}  // namespace
}  // namespace archsweep
