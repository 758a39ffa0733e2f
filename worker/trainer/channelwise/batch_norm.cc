#include "worker/trainer/channelwise/batch_norm.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "worker/trainer/channelwise/norm_kernels.h"
#include "worker/trainer/channelwise/scale_shift.h"
#include "worker/trainer/layer_operations.h"

namespace archsweep {
namespace {

constexpr int64_t kBlockBytes = 1 << 16;  // Read twice, the second time from the nearest cache.
constexpr int64_t kWideColumns = 64;      // What kernels take at a time.

using Columns = std::vector<double>;

// How values [pixels, channels] are cut into blocks. Several pixels of few channels make one row of
// kWideColumns.
struct Blocks {
  explicit Blocks(const at::Tensor& x) : channels(x.size(1)) {
    const int64_t pixels = x.numel() / std::max<int64_t>(1, channels);
    const bool widens =
        channels < kWideColumns && kWideColumns % channels == 0 && x.numel() % kWideColumns == 0;
    width = widens ? kWideColumns : channels;
    rows = pixels * channels / width;
    block_rows = std::max<int64_t>(1, kBlockBytes / (width * x.element_size()));
    count = (rows + block_rows - 1) / block_rows;
  }

  int64_t RowsOf(int64_t block) const { return std::min(block_rows, rows - block * block_rows); }
  int64_t Offset(int64_t block) const { return block * block_rows * width; }

  // Calls run(block) for all blocks, in several threads.
  template <class Run>
  void ForAll(const Run& run) const {
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) run(block);
    });
  }

  // By column of a block: value(channel).
  template <class Real>
  std::vector<Real> Widened(const std::vector<double>& by_channel) const {
    std::vector<Real> wide(static_cast<size_t>(width));
    for (size_t i = 0; i < wide.size(); ++i) {
      wide[i] = static_cast<Real>(by_channel[i % static_cast<size_t>(channels)]);
    }
    return wide;
  }

  // Calls add(column, channel, rows) for every column of every block, rows being those of the
  // block.
  template <class Add>
  void ForColumns(const Add& add) const {
    for (int64_t block = 0; block < count; ++block) {
      const auto rows_here = static_cast<double>(RowsOf(block));
      for (int64_t i = 0; i < width; ++i) {
        add(static_cast<size_t>(block * width + i), static_cast<size_t>(i % channels), rows_here);
      }
    }
  }

  size_t Columns() const { return static_cast<size_t>(count * width); }
  double Pixels() const { return static_cast<double>(rows * width / channels); }

  int64_t channels = 0;
  int64_t width = 0;
  int64_t rows = 0;
  int64_t block_rows = 0;
  int64_t count = 0;
};

struct Moments {
  Columns mean, variance;  // By channel; the variance divides by the number of pixels.
};

template <class Real>
Moments MomentsOf(const at::Tensor& x) {
  const Blocks blocks(x);
  const Real* const values = x.const_data_ptr<Real>();
  std::vector<Real> means(blocks.Columns()), squares(blocks.Columns());
  blocks.ForAll([&](int64_t block) {
    ColumnMoments(values + blocks.Offset(block), blocks.RowsOf(block), blocks.width,
                  means.data() + block * blocks.width, squares.data() + block * blocks.width);
  });
  const auto channels = static_cast<size_t>(blocks.channels);
  Moments moments = {.mean = Columns(channels, 0), .variance = Columns(channels, 0)};
  blocks.ForColumns([&](size_t i, size_t channel, double rows) {
    moments.mean[channel] += static_cast<double>(means[i]) * rows / blocks.Pixels();
  });
  blocks.ForColumns([&](size_t i, size_t channel, double rows) {
    const double away = static_cast<double>(means[i]) - moments.mean[channel];
    moments.variance[channel] +=
        (static_cast<double>(squares[i]) + rows * away * away) / blocks.Pixels();
  });
  return moments;
}

at::Tensor ToTensor(const Columns& columns) {
  at::Tensor tensor = at::empty({static_cast<int64_t>(columns.size())}, at::kDouble);
  std::copy(columns.begin(), columns.end(), tensor.mutable_data_ptr<double>());
  return tensor;
}

Columns ToColumns(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.detach().to(at::kDouble).contiguous();
  const double* const values = wide.const_data_ptr<double>();
  return {values, values + wide.numel()};
}

void Move(const RunningStatistics& running, const Moments& moments, const at::Tensor& x) {
  if (!running.mean.defined()) return;
  const double pixels = static_cast<double>(x.numel() / x.size(1));
  Columns unbiased = moments.variance;
  for (double& variance : unbiased) variance *= pixels / (pixels - 1);
  const auto move = [&](at::Tensor statistic, const Columns& batch) {
    statistic.mul_(1 - running.momentum)
        .add_(ToTensor(batch).to(statistic.options()), running.momentum);
  };
  move(running.mean, moments.mean);
  move(running.variance, unbiased);
}

// What a norm has done, by channel.
struct Norm {
  Columns mean, deviation;  // deviation: 1 / sqrt(variance + epsilon)
  Columns scale, shift;     // y = x * scale + shift

  Norm(Moments moments, const at::Tensor& weight, const at::Tensor& bias)
      : mean(std::move(moments.mean)),
        deviation(std::move(moments.variance)),
        scale(ToColumns(weight)),
        shift(ToColumns(bias)) {
    for (size_t i = 0; i < mean.size(); ++i) {
      deviation[i] = 1 / std::sqrt(deviation[i] + kNormEpsilon);
      scale[i] *= deviation[i];
      shift[i] -= mean[i] * scale[i];
    }
  }

  // To be kept by automatic differentiation, which keeps tensors.
  explicit Norm(const at::Tensor& packed)
      : mean(ToColumns(packed[0])),
        deviation(ToColumns(packed[1])),
        scale(ToColumns(packed[2])),
        shift(ToColumns(packed[3])) {}
  at::Tensor Packed() const {
    return at::stack({ToTensor(mean), ToTensor(deviation), ToTensor(scale), ToTensor(shift)});
  }
};

struct ParameterGradients {
  Columns weight, bias;
};

// The constants of a norm in the columns of a block.
template <class Real>
struct WideNorm {
  WideNorm(const Blocks& blocks, const Norm& norm)
      : scale(blocks.Widened<Real>(norm.scale)),
        shift(blocks.Widened<Real>(norm.shift)),
        mean(blocks.Widened<Real>(norm.mean)) {}

  NormColumns<Real> Columns(bool relu) const {
    return {.scale = scale.data(),
            .shift = shift.data(),
            .mean = mean.data(),
            .lowest = relu ? 0 : -std::numeric_limits<Real>::infinity()};
  }
  std::vector<Real> scale, shift, mean;
};

template <class Real>
ParameterGradients SumGradients(const at::Tensor& gradient, const at::Tensor& x, const Norm& norm,
                                bool relu) {
  const Blocks blocks(x);
  const WideNorm<Real> wide(blocks, norm);
  const Real* const values = x.const_data_ptr<Real>();
  const Real* const gradients = gradient.const_data_ptr<Real>();
  std::vector<Real> sums(blocks.Columns()), products(blocks.Columns());
  blocks.ForAll([&](int64_t block) {
    const int64_t first = blocks.Offset(block);
    ColumnGradientSums(gradients + first, values + first, wide.Columns(relu), blocks.RowsOf(block),
                       blocks.width, sums.data() + block * blocks.width,
                       products.data() + block * blocks.width);
  });
  ParameterGradients result = {.weight = Columns(norm.mean.size(), 0),
                               .bias = Columns(norm.mean.size(), 0)};
  blocks.ForColumns([&](size_t i, size_t channel, double) {
    result.bias[channel] += static_cast<double>(sums[i]);
    result.weight[channel] += static_cast<double>(products[i]) * norm.deviation[channel];
  });
  return result;
}

// Overwrites the gradient where it may.
template <class Real>
at::Tensor InputGradient(const at::Tensor& gradient, const at::Tensor& x, const Norm& norm,
                         const ParameterGradients& sums, bool relu) {
  const Blocks blocks(x);
  // x moves the mean and the deviation, too.
  Columns slope(norm.mean.size()), offset(norm.mean.size());
  for (size_t i = 0; i < slope.size(); ++i) {
    slope[i] = -norm.scale[i] * norm.deviation[i] * sums.weight[i] / blocks.Pixels();
    offset[i] = -norm.scale[i] * sums.bias[i] / blocks.Pixels();
  }
  const WideNorm<Real> wide(blocks, norm);
  const auto slopes = blocks.Widened<Real>(slope);
  const auto offsets = blocks.Widened<Real>(offset);
  at::Tensor result = IsUnshared(gradient) ? gradient : at::empty_like(gradient);
  const Real* const values = x.const_data_ptr<Real>();
  const Real* const gradients = gradient.const_data_ptr<Real>();
  Real* const results = result.mutable_data_ptr<Real>();
  blocks.ForAll([&](int64_t block) {
    const int64_t first = blocks.Offset(block);
    ColumnGradients(gradients + first, values + first, wide.Columns(relu), slopes.data(),
                    offsets.data(), blocks.RowsOf(block), blocks.width, results + first);
  });
  return result;
}

class Function : public torch::autograd::Function<Function> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const RunningStatistics& running, bool relu) {
    const bool is_float = x.scalar_type() == at::kFloat;
    Moments moments = is_float ? MomentsOf<float>(x) : MomentsOf<double>(x);
    Move(running, moments, x);
    const Norm norm(std::move(moments), weight, bias);
    context->save_for_backward({x, norm.Packed()});
    context->saved_data["relu"] = relu;
    return ScaleShift(x, ChannelConstants(ToTensor(norm.scale).to(x.options())),
                      ChannelConstants(ToTensor(norm.shift).to(x.options())), relu);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const Norm norm(saved[1]);
    const bool relu = context->saved_data["relu"].toBool();
    const bool is_float = x.scalar_type() == at::kFloat;
    const at::Tensor gradient = std::move(gradients[0]).contiguous(at::MemoryFormat::ChannelsLast);
    gradients.clear();
    const ParameterGradients sums = is_float ? SumGradients<float>(gradient, x, norm, relu)
                                             : SumGradients<double>(gradient, x, norm, relu);
    return {is_float ? InputGradient<float>(gradient, x, norm, sums, relu)
                     : InputGradient<double>(gradient, x, norm, sums, relu),
            ToTensor(sums.weight).to(x.options()), ToTensor(sums.bias).to(x.options()),
            at::Tensor(), at::Tensor()};
  }
};

}  // namespace

bool CanNormalizeBatch(const at::Tensor& x) {
  return x.is_cpu() && x.dim() == 4 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

at::Tensor BatchNormOfBatch(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const RunningStatistics& running, bool relu) {
  CHECK(CanNormalizeBatch(x));
  return Function::apply(x.contiguous(at::MemoryFormat::ChannelsLast), weight, bias, running, relu);
}

}  // namespace archsweep
