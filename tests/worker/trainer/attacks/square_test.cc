#include "worker/trainer/attacks/square.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/worker/trainer/attacks/small_network.h"

namespace archsweep {
namespace {

TEST(SquareSide, FallsAsTheScheduleOfTheReferenceSays) {
  const std::vector<int> first_queries = {0, 11, 51, 201, 501, 1001, 2001, 4001};
  std::vector<int64_t> of_32, of_64;
  for (const int query : first_queries) {
    of_32.push_back(SquareSide(query, 32, 32));
    of_64.push_back(SquareSide(query, 64, 64));
    if (query > 0) {
      EXPECT_GT(SquareSide(query - 1, 32, 32), SquareSide(query, 32, 32));
    }
  }
  EXPECT_EQ(of_32, (std::vector<int64_t>{29, 20, 14, 10, 7, 5, 4, 3}));
  EXPECT_EQ(of_64, (std::vector<int64_t>{57, 40, 29, 20, 14, 10, 7, 5}));
  EXPECT_EQ(SquareSide(4999, 32, 32), 3);
  EXPECT_EQ(SquareSide(5000, 1, 1), 1);
}

class GoldenSquare : public testing::Test {
 protected:
  SquareOptions Options(bool saves_passes, uint64_t seed = 0) const {
    SquareOptions options;
    options.epsilon = kGoldenEpsilon;
    options.seed = seed;
    options.saves_passes = saves_passes;
    options.queries = 200;
    return options;
  }
  AttackedBatch RightOnes() const {
    const at::Tensor& right = golden_["index"];
    return {.images = batch_.images.index_select(0, right),
            .labels = batch_.labels.index_select(0, right)};
  }

  const Golden golden_{"attacks/square"};
  const SmallNetwork network_{Fusion::kNone};
  const AttackedBatch batch_ = GoldenBatch();
};

TEST_F(GoldenSquare, IsFollowedQueryByQuery) {
  AttackedNetwork network(network_.Get());
  SquareAttack attack(network, batch_, Options(false));
  attack.Advance();
  attack.Advance();
  for (int64_t query = 0; query < 200; ++query) {
    const at::Tensor margins = golden_["margin_before"][query].index_select(0, attack.Ids());
    EXPECT_LT((attack.BestMargins() - margins).abs().max().item<double>(), 1e-5) << query;
    EXPECT_EQ(attack.Ids().size(0), golden_["batch"][query].item<int64_t>());
    attack.Advance();
    const SquareWindow& window = attack.LastWindow();
    EXPECT_EQ(window.side, golden_["side"][query].item<int64_t>());
    EXPECT_EQ(window.top, golden_["vh"][query].item<int64_t>());
    EXPECT_EQ(window.left, golden_["vw"][query].item<int64_t>());
    EXPECT_TRUE(window.signs.flatten().equal(golden_["signs"][query]));
  }
  EXPECT_LT(ShareOff(attack.Points(), golden_["x_best"].index_select(0, attack.Ids())), 1e-3);
  RunToEnd(attack);
  EXPECT_TRUE(attack.Outcome()
                  .broken.logical_not()
                  .index_select(0, golden_["index"])
                  .equal(golden_["still_robust"].index_select(0, golden_["index"])));
  EXPECT_EQ(network.Ledger().done, network.Ledger().reference);
}

TEST_F(GoldenSquare, ComputesNoGradientAndBreaksTheSameWherePassesAreSaved) {
  AttackedNetwork network(network_.Get());
  SquareAttack attack(network, RightOnes(), Options(true));
  RunToEnd(attack);
  EXPECT_TRUE(attack.Outcome().broken.logical_not().equal(
      golden_["still_robust"].index_select(0, golden_["index"])));
  const PassLedger& ledger = network.Ledger();
  EXPECT_EQ(ledger.done.Backwards(), 0);
  EXPECT_EQ(ledger.reference.Backwards(), 0);
  // Not made: the pass before the queries and the one behind them.
  EXPECT_EQ(ledger.reference.Forwards() - ledger.done.Forwards(), 2 * 26);
}

TEST_F(GoldenSquare, AttacksFullBatchesTogetherAsOneByOne) {
  const AttackedBatch all = RightOnes();
  AttackedNetwork network(network_.Get());
  SquareOptions options = Options(true, 7);
  std::vector<at::Tensor> broken, images;
  for (int64_t first = 0; first < 26; first += 13) {
    SquareAttack one(
        network,
        {.images = all.images.narrow(0, first, 13), .labels = all.labels.narrow(0, first, 13)},
        options);
    RunToEnd(one);
    broken.push_back(one.Outcome().broken);
    images.push_back(one.Outcome().images);
  }
  options.rows_of_draw = 13;
  SquareAttack together(network, all, options);
  RunToEnd(together);
  EXPECT_TRUE(together.Outcome().broken.equal(at::cat(broken)));
  EXPECT_LT(ShareOff(together.Outcome().images, at::cat(images)), 1e-3);
}

}  // namespace
}  // namespace archsweep
