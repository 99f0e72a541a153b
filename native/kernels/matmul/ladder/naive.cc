// `naive`: three loops, as the definition says. All rungs share rows of C among the threads, so that they compare.
//
// It is slow for two reasons. An element of C is one chain of multiply-adds: each waits for the one before, four cycles, and takes one
// float, where the machine could make two vectors of them a cycle. And B is read down its columns: of every cache line that is
// fetched one float is used, and before its neighbour's turn comes the line is gone.
#include "kernels/gemm/gemm.h"
#include "kernels/matmul/variants.h"
#include "runtime/thread_pool.h"

namespace fovea::FOVEA_ISA::ladder {

void naive(const MatrixProduct& product) {
  parallel_for(product.m, [&p = product](int i, int) {
    float* const y = p.c.base + p.c.offset(i);
    for (int j = 0; j < p.n; j++) {
      float sum = 0;
      for (int step = 0; step < p.k; step++) sum += p.a.at(i, step) * p.b.at(j, step);
      y[j] = sum;
    }
    finish_row(p.epilogue, y, p.c.offset(i), 0, p.n);
  });
}

}  // namespace fovea::FOVEA_ISA::ladder
