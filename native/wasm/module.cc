// What JavaScript calls (src/backend/wasm/engine.ts), the counterpart of native/addon: blocks of memory, kernels called one by one,
// programs. Lists of numbers are given as an address in the module's memory and a length.
#include <algorithm>
#include <vector>

#include "program/dispatch.h"
#include "program/measure.h"
#include "program/program.h"
#include "runtime/cpu.h"
#include "runtime/fail.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"
#include "wasm/machine.h"

#define FOVEA_EXPORT(name) __attribute__((export_name(#name), visibility("default")))

extern "C" void __wasm_call_ctors();

namespace fovea {
extern "C" {

/** Once, on the first instance. */
FOVEA_EXPORT(initialize) void initialize(int cores, int caller_may_sleep) {
  __wasm_call_ctors();
  suppose_cores(cores);
  suppose_caller_may_sleep(caller_may_sleep);
  kernels();
}

FOVEA_EXPORT(allocate) float* allocate(size_t bytes) { return allocate_block(bytes); }

FOVEA_EXPORT(release) void release(uintptr_t address) {
  if (!release_block(address)) fail(Message() << "the storage was released before");
  if (memory_counts().pooled_bytes > pool_cap()) trim_pool(pool_cap());
}

FOVEA_EXPORT(check_live) void check_live(uintptr_t address, size_t bytes) {
  if (!is_live(address, bytes)) fail(Message() << "the storage was released, or is shorter than the data");
}

/** JavaScript wrote to these bytes. */
FOVEA_EXPORT(written) void written(uintptr_t address, size_t bytes) {
  const OperandRange range{address, bytes};
  forget_prepared(&range, 1);
}

FOVEA_EXPORT(pooled_bytes) size_t pooled_bytes() { return memory_counts().pooled_bytes; }
FOVEA_EXPORT(live_bytes) size_t live_bytes() { return memory_counts().bytes; }
FOVEA_EXPORT(live_buffers) size_t live_buffers() { return memory_counts().buffers; }
FOVEA_EXPORT(trim) void trim(size_t keep_bytes) { trim_pool(keep_bytes); }

/** `command` holds the operands as pairs of address and elements, then the kernel's numbers. */
FOVEA_EXPORT(run) void run(int kernel, int count, int outputs, const double* command, int length) {
  if (kernel < 0 || kernel >= kKernelCount || count < 0 || 2 * count > length || outputs < 0 ||
      outputs > count)
    fail(Message() << "run: no such kernel or operands");
  std::vector<OperandRange> operands(count);
  std::vector<float*> addresses(count);
  for (int i = 0; i < count; i++) {
    operands[i] = operand_range(command[2 * i], command[2 * i + 1]);
    addresses[i] = (float*)operands[i].address;
  }
  check_operands(kernel, operands.data(), count);
  execute(kernel, {addresses.data(), command + 2 * count, count, length - 2 * count});
  forget_prepared(operands.data() + count - outputs, outputs);
}

/** The number of the variant that serves such a call, named or preferred, or -1. */
FOVEA_EXPORT(variant_of) int variant_of(int kernel, const double* numbers, int length) {
  float* const none[8] = {};
  return kernels().variant_of(kernel, {none, numbers, 0, length});
}

/** The operands in whose place such a call may put its output: a bit for each. */
FOVEA_EXPORT(overwritable) int overwritable(int kernel, const double* numbers, int length) {
  float* const none[8] = {};
  int bits = 0;
  for (int operand : kernels().overwritable(kernel, {none, numbers, 0, length})) bits |= 1 << operand;
  return bits;
}

FOVEA_EXPORT(create_program) Program* create_program(const double* description, int length) {
  return parse_program(description, description + length);
}

FOVEA_EXPORT(replay) void replay(Program* program) {
  program->check();
  program->run();
}

FOVEA_EXPORT(destroy_program) void destroy_program(Program* program) { delete program; }

/** Writes the seconds of each step. */
FOVEA_EXPORT(profile_program) void profile_program(Program* program, int rounds, double* seconds) {
  program->check();
  const std::vector<double> each = program->profile(rounds);
  std::copy(each.begin(), each.end(), seconds);
}

FOVEA_EXPORT(lanes) int lanes() { return kernels().lanes; }
FOVEA_EXPORT(isa) const char* isa() { return kernels().isa; }

/** The i-th name of a list: kernels, functions of one and of two numbers, then the variants of each kernel; null past its last. */
FOVEA_EXPORT(name_of) const char* name_of(int list, int i) {
  switch (list) {
    case 0:
      return i < kKernelCount ? kernel_name(i) : nullptr;
    case 1:
      return kernels().unary_functions[i];
    case 2:
      return kernels().binary_functions[i];
    default:
      return kernels().variant_name(list - 3, i);
  }
}

FOVEA_EXPORT(set_threads) void change_threads(int count) { set_threads(count); }
FOVEA_EXPORT(threads) int thread_count() { return threads(); }
FOVEA_EXPORT(peak_flops) double measure_peak(int count, double seconds) { return peak_flops(count, seconds); }
FOVEA_EXPORT(copy_bandwidth) double measure_copy(int count) { return copy_bandwidth(count); }

}  // extern "C"
}  // namespace fovea
