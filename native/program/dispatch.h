// The kernels of each instruction set, and which set this machine runs.
#pragma once

#include <memory>
#include <vector>

#include "program/call.h"
#include "program/kernel_list.h"
#include "program/step.h"

namespace fovea {

#define FOVEA_COUNT(name) +1
constexpr int kKernelCount = 0 FOVEA_KERNELS(FOVEA_COUNT);
#undef FOVEA_COUNT

struct KernelTable {
  const char* isa;
  int lanes;
  Kernel kernels[kKernelCount];
  /** The call, made ready for many runs; its operands and numbers stay where they are. Throws where the variant that it names does
   * not serve it. */
  std::unique_ptr<Step> (*prepare)(int kernel, const Call& call);
  /** Operands that a call reads only where, and just before, it writes its output: it may have one's place. Looks at no operand. */
  std::vector<int> (*overwritable)(int kernel, const Call& call);
  /** The number of the variant that serves a call: the one that its numbers name, or the preferred one; -1 if
   * that one cannot. Looks at no operand. */
  int (*variant_of)(int kernel, const Call& call);
  /** Runs a register-only fused-multiply-add loop on the calling thread for about `seconds`; returns
   * operations a second. */
  double (*peak_flops)(double seconds);
  /** The scalar functions in the order of their numbers; a null ends each list. */
  const char* const* unary_functions;
  const char* const* binary_functions;
  /** A kernel's variant of this number; null past the last. */
  const char* (*variant_name)(int kernel, int index);
};

/** A kernel's number, or -1. */
int kernel_index(const char* name);
const char* kernel_name(int index);

/** The sets that were compiled and that this machine can run, weakest first. */
const std::vector<const KernelTable*>& usable_tables();

/** The set in use: the strongest usable one, or the one that the environment variable FOVEA_ISA names. Throws where none is
 * usable, as an addon may have been built for another machine. */
const KernelTable& kernels();

}  // namespace fovea
