// What cpu.h and core_distance.h ask of the machine: a module sees none of it, so caches are those of a common core, and the number of
// cores is what JavaScript was told.
#include "runtime/cpu.h"

#include "runtime/core_distance.h"
#include "wasm/machine.h"

namespace fovea {
namespace {

Cpu& machine() {
  static Cpu* made = nullptr;
  if (!made) {
    made = new Cpu{};  // never destroyed, as that would be code of libc++
    made->l1 = 32 << 10, made->l2 = 1 << 20, made->l3 = 16 << 20;
    made->cores = 1;
  }
  return *made;
}

}  // namespace

const Cpu& cpu() { return machine(); }

void suppose_cores(int cores) { machine().cores = cores; }

bool cores_share_l3() { return true; }

/** There are no non-temporal stores. */
bool store_nontemporally(size_t) { return false; }

}  // namespace fovea
