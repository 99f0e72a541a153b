// Times kernels without Node. Arguments: parts of the names to run, and -tN for N threads. Prints the best of
// many rounds.
#include "bench/bench.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "program/dispatch.h"
#include "runtime/core_distance.h"
#include "runtime/flush_denormals.h"

int main(int argc, char** argv) {
  using namespace fovea;
  using namespace fovea::bench;
  for (int i = 1; i < argc; i++)
    if (std::strncmp(argv[i], "-t", 2) == 0) set_threads(std::atoi(argv[i] + 2));
  const FlushDenormals flush;
  const double peak = measure_peak(), copy = measure_copy();
  std::printf("%s, %d threads, peak %.1f GFLOP/s, memcpy %.1f GB/s, %lld ns from core to core\n",
              kernels().isa, threads(), peak / 1e9, copy / 1e9, (long long)line_transfer_time());
  for (const Case& c : cases()) {
    bool named = true;
    for (int i = 1; i < argc; i++)
      if (argv[i][0] != '-') named = std::strstr(c.name.c_str(), argv[i]) != nullptr;
    if (!named) continue;
    const auto body = c.prepare();
    const double seconds = best_seconds(body, 0.4);
    if (c.bytes > 0) {
      std::printf("%-44s %10.3f ms %9.1f GB/s    %6.1f %% of memcpy\n", c.name.c_str(), seconds * 1e3,
                  c.bytes / seconds / 1e9, 100 * c.bytes / seconds / copy);
      continue;
    }
    std::printf("%-44s %10.3f ms %9.1f GFLOP/s %6.1f %% of peak\n", c.name.c_str(), seconds * 1e3,
                c.flops / seconds / 1e9, 100 * c.flops / seconds / peak);
  }
}
