// What the processor is: instruction sets, cache sizes, cores.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace fovea {

struct Cpu {
  std::string name;
  size_t l1, l2, l3;  // data bytes of one core's L1 and L2, and of L3
  int cores;          // physical cores that this process may use
  bool avx2, avx512;
  bool avx512_double_pumped;  // 512-bit vectors in two passes of 256 bits, as on Zen 4
};

/** Read once. */
const Cpu& cpu();

/** For tests: from now on L3 has so many bytes, which decides what has non-temporal stores. */
void suppose_l3(size_t bytes);
/** For tests: from now on AVX-512 is double-pumped, or is not. */
void suppose_avx512_double_pumped(bool supposed);

/** The logical processors of each physical core that this process could use at first; empty where the system
 * does not tell. */
const std::vector<std::vector<int>>& core_processors();

}  // namespace fovea
