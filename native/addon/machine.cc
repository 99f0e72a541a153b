// What the machine is and how fast: instruction sets, caches, threads, and its peaks, measured.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <vector>

#include "addon/arguments.h"
#include "program/dispatch.h"
#include "runtime/cpu.h"
#include "runtime/memory.h"
#include "runtime/thread_pool.h"

namespace fovea {
namespace {

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

/** Sets the number of threads while it lives. */
class WithThreads {
 public:
  explicit WithThreads(int count) : before_(threads()) { set_threads(count); }
  ~WithThreads() { set_threads(before_); }

 private:
  int before_;
};

/**
 * peakFlops(threads, seconds): operations a second of multiply-adds in registers, on all threads at once, or, as
 * more would only take turns, on as many as there are cores; the best of several times, as the cores may be lent to
 * others meanwhile
 */
Value peak(const CallbackInfo& info) {
  const int count = std::clamp((int)whole(info, 0, 1024), 1, cpu().cores);
  const double seconds = number(info, 1);
  const Turn turn(order().take());
  const WithThreads with(count);
  constexpr int kTimes = 4;
  double best = 0;
  for (int time = 0; time < kTimes; time++) {
    std::vector<double> each(count);
    parallel_for(count, [&](int i, int) { each[i] = kernels().peak_flops(seconds / kTimes); });
    best = std::max(best, std::accumulate(each.begin(), each.end(), 0.0));
  }
  return Napi::Number::New(info.Env(), best);
}

/** copyBandwidth(threads): bytes a second, read plus written, of the fastest of several copies of 128 MB */
Value bandwidth(const CallbackInfo& info) {
  const int count = std::max(1, (int)whole(info, 0, 1024));
  return guarded(info.Env(), [&]() -> Value {
    constexpr size_t kBytes = (size_t)128 << 20;
    const Turn turn(order().take());
    const WithThreads with(count);
    const std::unique_ptr<void, void (*)(void*)> from(allocate_aligned(kBytes), free_aligned),
        to(allocate_aligned(kBytes), free_aligned);
    std::memset(from.get(), 1, kBytes);
    double best = 1e30;
    for (int round = 0; round < 6; round++) {
      const auto begin = std::chrono::steady_clock::now();
      const size_t part = kBytes / count;
      parallel_for(count, [&](int i, int) {
        std::memcpy((char*)to.get() + i * part, (char*)from.get() + i * part, part);
      });
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    return Napi::Number::New(info.Env(), 2.0 * (double)kBytes / best);
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
