#include "program/dispatch.h"

#include <cstdlib>
#include <cstring>

#include "isas.h"
#include "runtime/cpu.h"
#include "runtime/fail.h"

namespace fovea {

#define FOVEA_DECLARE_TABLE(isa) \
  namespace isa {                \
  const KernelTable& table();    \
  }
FOVEA_ISAS(FOVEA_DECLARE_TABLE)

namespace {

#define FOVEA_NAME(name) #name,
const char* const kNames[] = {FOVEA_KERNELS(FOVEA_NAME)};

bool runs_here(const char* isa) {
  if (std::strcmp(isa, "avx2") == 0) return cpu().avx2;
  if (std::strcmp(isa, "avx512") == 0) return cpu().avx512;
  return true;
}

std::vector<const KernelTable*> find_usable() {
  std::vector<const KernelTable*> found;
  // Only the table of a set that runs here may be touched: making it is code of that set.
#define FOVEA_ADD(isa) \
  if (runs_here(#isa)) found.push_back(&isa::table());
  FOVEA_ISAS(FOVEA_ADD)
  return found;
}

#define FOVEA_LISTED(isa) " " #isa

const KernelTable& choose() {
  const auto& usable = usable_tables();
#if !defined(__wasm__)
  if (const char* named = std::getenv("FOVEA_ISA"))
    for (const KernelTable* t : usable)
      if (std::strcmp(t->isa, named) == 0) return *t;
#endif
  if (usable.empty())
    fail(Message() << "it was built for the instruction sets" FOVEA_ISAS(
             FOVEA_LISTED) ", none of which this processor has");
  return *usable.back();
}

}  // namespace

int kernel_index(const char* name) {
  for (int i = 0; i < kKernelCount; i++)
    if (std::strcmp(kNames[i], name) == 0) return i;
  return -1;
}

const char* kernel_name(int index) { return kNames[index]; }

const std::vector<const KernelTable*>& usable_tables() {
  static const std::vector<const KernelTable*> tables = find_usable();
  return tables;
}

const KernelTable& kernels() {
  static const KernelTable& chosen = choose();
  return chosen;
}

}  // namespace fovea
