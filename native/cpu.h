// What the processor is: instruction sets, cache sizes, cores.
#pragma once

#include <cstddef>
#include <string>

namespace fovea {

struct Cpu {
  std::string name;
  size_t l1, l2, l3;  // data bytes of one core's L1 and L2, and of the last level
  int cores;          // physical cores that this process may use
  bool avx2, avx512;
};

/** Read once. */
const Cpu& cpu();

}  // namespace fovea
