// matmul: batches of matrix products, either side transposed, with an epilogue.
// Numbers: batchA, batchB, batch, m, n, k, transposeA, transposeB, flags, activation, gradientOf, alpha,
// variant. Operands: a, b, bias?, residual?, saved?, y.
#include <iterator>

#include "kernels/conv/few_outputs/forward.h"
#include "kernels/conv/table.h"
#include "kernels/gemm/gemm.h"
#include "kernels/matmul/thin.h"
#include "kernels/matmul/variants.h"
#include "program/numbers.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA {
namespace {

using Rung = void (*)(const MatrixProduct&);

#define FOVEA_RUNG(name) ladder::name,
#define FOVEA_NAME(name) #name,
constexpr Rung kRungs[] = {FOVEA_MATMUL_LADDER(FOVEA_RUNG)};
constexpr const char* kNames[] = {FOVEA_MATMUL_LADDER(FOVEA_NAME) "blocked", nullptr};
constexpr int kBlocked = (int)std::size(kRungs);

/**
 * Of a tall and narrow product A is read where it lies, by the convolution of m pixels with a kernel of one element: to
 * pack it, as gemm() does, takes about as long as to multiply it.
 */
bool is_tall(int m, int n, int k) {
  return m >= 2048 && n > conv::few_outputs::kFewOutputs && n <= std::min(m / 40, 256) && k > 0 &&
         k <= 2048 && k % 1024 > 0;
}

conv::ConvCall tall_product(const MatrixProduct& p, bool b_is_transposed) {
  ConvShape s{};
  for (int* one : {&s.n, &s.h, &s.oh, &s.kh, &s.kw, &s.stride_y, &s.stride_x, &s.dilation_y, &s.dilation_x,
                   &s.groups, &s.up})
    *one = 1;
  s.w = s.ow = p.m;
  s.ci = b_is_transposed ? p.n : p.k;
  s.co = b_is_transposed ? p.k : p.n;
  const auto direction = b_is_transposed ? conv::Direction::input_grad : conv::Direction::forward;
  return {direction, s, p.a.data, p.b.data, p.c.base, p.epilogue, nullptr};
}

/** A call's numbers and operands. */
struct Matmul {
  int batch_a, batch_b, batch, m, n, k;
  bool a_is_transposed, b_is_transposed;
  ProductEnd end;

  explicit Matmul(const Call& call) : Matmul(Numbers(call), call) {}

  /** The product of one batch. */
  MatrixProduct product(int i) const {
    const size_t start = (size_t)i * m * n;
    MatrixProduct p{
        m,
        n,
        k,
        {end.a + (batch_a > 1 ? (size_t)i * m * k : 0), a_is_transposed ? m : k, a_is_transposed},
        {end.b + (batch_b > 1 ? (size_t)i * k * n : 0), b_is_transposed ? k : n, !b_is_transposed},
        {end.out + start, n},
        end.epilogue};
    if (p.epilogue.residual) p.epilogue.residual += start;
    if (p.epilogue.saved) p.epilogue.saved += start;
    return p;
  }

 private:
  Matmul(Numbers numbers, const Call& call)
      : batch_a(numbers.small()),
        batch_b(numbers.small()),
        batch(numbers.small()),
        m(numbers.small()),
        n(numbers.small()),
        k(numbers.small()),
        a_is_transposed(numbers.flag()),
        b_is_transposed(numbers.flag()),
        end(numbers, call) {}
};

class MatmulStep : public Step {
 public:
  explicit MatmulStep(const Call& call) : c_(call) {
    if (is_rung()) return;
    // Rows of all batches that have one B are one tall matrix.
    if (c_.batch_b == 1 && c_.batch_a == c_.batch && !c_.a_is_transposed) c_.m *= c_.batch, c_.batch = 1;
    if (c_.batch == 1 && !c_.a_is_transposed && is_tall(c_.m, c_.n, c_.k))
      tall_ = conv::prepare(tall_product(c_.product(0), c_.b_is_transposed));
  }
  void run() override {
    if (tall_) return tall_->run();
    if (!is_rung()) return run_blocked();
    for (int i = 0; i < c_.batch; i++) kRungs[c_.end.variant](c_.product(i));
  }
  void forget() override { kept_.forget(); }

 private:
  bool is_rung() const { return c_.end.variant >= 0 && c_.end.variant < kBlocked; }

  void run_blocked() {
    KeptWeights* const kept = c_.batch_b == 1 && (c_.end.flags & kFrozenWeights) ? &kept_ : nullptr;
    const auto make = [&](int i) {
      const MatrixProduct product = c_.product(i);
      if (!thin_product(product)) gemm(product, kept);
    };
    // Many or small products are shared out whole; a few big ones are each cut up, and so are those of which the first one packs
    // for all.
    const bool whole = c_.batch >= 2 * threads() || 2.0 * c_.m * c_.n * c_.k < 4e6;
    if (whole && !kept)
      parallel_for(c_.batch, [&](int i, int) { make(i); });
    else
      for (int i = 0; i < c_.batch; i++) make(i);
  }

  Matmul c_;
  KeptWeights kept_;
  std::unique_ptr<Step> tall_;
};

}  // namespace

const char* matmul_variant_name(int index) { return kNames[index]; }

int matmul_variant_of(const Call& call) {
  const int variant = Matmul(call).end.variant;
  return variant > kBlocked ? -1 : variant < 0 ? kBlocked : variant;
}

std::unique_ptr<Step> prepare_matmul(const Call& call) { return std::make_unique<MatmulStep>(call); }

void matmul(const Call& call) { MatmulStep(call).run(); }

}  // namespace fovea::FOVEA_ISA
