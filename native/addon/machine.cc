// What the machine is and how fast: instruction sets, caches, threads, and its peaks, measured.
#include "addon/arguments.h"
#include "program/dispatch.h"
#include "program/measure.h"
#include "runtime/cpu.h"
#include "runtime/thread_pool.h"

namespace fovea {
namespace {

/** TypeScript sees by it whether this addon is as old as itself; scripts/interface.mjs writes it. */
constexpr const char* kInterface = "1e561121a222";

/** The names that `name_of` gives for 0, 1, ... until it gives null. */
template <class NameOf>
Napi::Array names(const Napi::Env env, const NameOf& name_of) {
  auto out = Napi::Array::New(env);
  for (int i = 0; const char* name = name_of(i); i++) out.Set((uint32_t)i, Napi::String::New(env, name));
  return out;
}

/** info(): what runs here, and the orders in which names are numbers */
Value describe(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto out = Napi::Object::New(env);
  out.Set("interface", kInterface);
  out.Set("isa", kernels().isa);
  auto isas = Napi::Array::New(env);
  for (const KernelTable* table : usable_tables())
    isas.Set(isas.Length(), Napi::String::New(env, table->isa));
  out.Set("isas", isas);
  out.Set("lanes", kernels().lanes);
  out.Set("cpu", cpu().name);
  out.Set("cores", cpu().cores);
  out.Set("threads", threads());
  out.Set("l1", (double)cpu().l1);
  out.Set("l2", (double)cpu().l2);
  out.Set("l3", (double)cpu().l3);
  out.Set("kernels", names(env, [](int i) { return i < kKernelCount ? kernel_name(i) : nullptr; }));
  out.Set("unaryFunctions", names(env, [](int i) { return kernels().unary_functions[i]; }));
  out.Set("binaryFunctions", names(env, [](int i) { return kernels().binary_functions[i]; }));
  auto variants = Napi::Array::New(env);
  for (int kernel = 0; kernel < kKernelCount; kernel++)
    variants.Set((uint32_t)kernel, names(env, [&](int i) { return kernels().variant_name(kernel, i); }));
  out.Set("variants", variants);
  return out;
}

/** setThreads(count) */
void change_threads(const CallbackInfo& info) {
  const int count = (int)whole(info, 0, 1024);
  if (count < 1) throw Napi::RangeError::New(info.Env(), "the number of threads must be at least 1");
  const Turn turn(order().take());
  set_threads(count);
}

/** peakFlops(threads, seconds), see measure.h */
Value peak(const CallbackInfo& info) {
  const int count = (int)whole(info, 0, 1024);
  const double seconds = number(info, 1);
  const Turn turn(order().take());
  return Napi::Number::New(info.Env(), peak_flops(count, seconds));
}

/** copyBandwidth(threads), see measure.h */
Value bandwidth(const CallbackInfo& info) {
  const int count = (int)whole(info, 0, 1024);
  return guarded(info.Env(), [&]() -> Value {
    const Turn turn(order().take());
    return Napi::Number::New(info.Env(), copy_bandwidth(count));
  });
}

}  // namespace

void add_machine(const Exports& exports) {
  exports.add("info", describe);
  exports.add("setThreads", change_threads);
  exports.add("peakFlops", peak);
  exports.add("copyBandwidth", bandwidth);
}

}  // namespace fovea
