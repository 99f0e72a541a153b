// The Node-API surface: blocks, kernels, programs, and what the machine is. Addresses are numbers (they have
// 48 bits). Operands come as pairs address, elements; a program's description is spelt out at parse_program.
#include <napi.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cpu.h"
#include "dispatch.h"
#include "memory.h"
#include "program.h"
#include "thread_pool.h"

namespace fovea {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

/** Runs `body`; what C++ throws becomes a JavaScript error. */
template <class Body>
auto guarded(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Napi::Error::New(env, "out of memory");
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

double number(const CallbackInfo& info, size_t i) {
  if (i >= info.Length() || !info[i].IsNumber())
    throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a number");
  return info[i].As<Napi::Number>().DoubleValue();
}

/** A whole number in [0, limit]. */
double whole(const CallbackInfo& info, size_t i, double limit = 9007199254740991.0) {
  const double value = number(info, i);
  if (!(value >= 0 && value <= limit && value == std::floor(value)))
    throw Napi::RangeError::New(info.Env(),
                                "argument " + std::to_string(i) + " must be a whole number in range");
  return value;
}

template <class Array>
Array array(const CallbackInfo& info, size_t i, napi_typedarray_type type, const char* name) {
  if (i < info.Length() && info[i].IsTypedArray() && info[i].As<Napi::TypedArray>().TypedArrayType() == type)
    return info[i].As<Array>();
  throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a " + name);
}
Napi::Float64Array doubles(const CallbackInfo& info, size_t i) {
  return array<Napi::Float64Array>(info, i, napi_float64_array, "Float64Array");
}

OperandRange operand_range(double address, double elements) {
  if (!(address > 0 && address < 0x1p53 && elements >= 0 && elements < 0x1p48))
    throw std::invalid_argument("an operand is not an address and a number of elements");
  return {(uintptr_t)address, (size_t)elements * sizeof(float)};
}

// --- blocks
// --------------------------------------------------------------------------------------------------------

/** allocate(elements): address */
Value allocate(const CallbackInfo& info) {
  const double elements = whole(info, 0, 0x1p46);
  const auto attempt = [&] { return (double)(uintptr_t)allocate_block((size_t)elements * sizeof(float)); };
  try {
    return Napi::Number::New(info.Env(), attempt());
  } catch (const std::bad_alloc&) {
  }
  try {
    {
      const Turn turn(order().take());  // a pending replay may still use a pooled block
      trim_pool(0);
    }
    return Napi::Number::New(info.Env(), attempt());
  } catch (const std::bad_alloc&) {
    throw Napi::RangeError::New(info.Env(),
                                "cannot allocate " + std::to_string((int64_t)(elements * 4 / 1e6)) + " MB");
  }
}

/** release(address) */
void release(const CallbackInfo& info) {
  if (!release_block((uintptr_t)whole(info, 0)))
    throw Napi::Error::New(info.Env(), "the storage was released before");
  if (memory_counts().pooled_bytes > pool_cap() && order().idle()) trim_pool(pool_cap());
}

void check_live(const CallbackInfo& info, uintptr_t address, size_t bytes) {
  if (!is_live(address, bytes))
    throw Napi::Error::New(info.Env(), "the storage was released, or is shorter than the data");
}

/** write(address, Float32Array) */
void write(const CallbackInfo& info) {
  const auto address = (uintptr_t)whole(info, 0);
  const auto data = array<Napi::Float32Array>(info, 1, napi_float32_array, "Float32Array");
  const OperandRange range{address, data.ElementLength() * sizeof(float)};
  check_live(info, address, range.bytes);
  const Turn turn(order().take());
  if (range.bytes) std::memcpy((void*)address, data.Data(), range.bytes);
  forget_prepared(&range, 1);
}

/** A copy out, after the replays that were asked for before it. */
class Read : public Napi::AsyncWorker {
 public:
  Read(Napi::Env env, uintptr_t address, Napi::Float32Array to)
      : AsyncWorker(env, "fovea read"),
        address_(address),
        to_(to.Data()),
        bytes_(to.ByteLength()),
        array_(Napi::Persistent(to)),
        finished_(Napi::Promise::Deferred::New(env)),
        ticket_(order().take()) {}
  Value promise() const { return finished_.Promise(); }

 protected:
  void Execute() override {
    const Turn turn(ticket_);
    std::memcpy(to_, (const void*)address_, bytes_);
  }
  void OnOK() override { finished_.Resolve(array_.Value()); }

 private:
  uintptr_t address_;
  float* to_;
  size_t bytes_;
  Napi::Reference<Napi::Float32Array> array_;
  Napi::Promise::Deferred finished_;
  uint64_t ticket_;
};

/** read(address, elements): a new Float32Array, or a promise of it while replays are pending */
Value read(const CallbackInfo& info) {
  const auto address = (uintptr_t)whole(info, 0);
  const size_t elements = (size_t)whole(info, 1, 0x1p46);
  check_live(info, address, elements * sizeof(float));
  auto copy = Napi::Float32Array::New(info.Env(), elements);
  if (elements == 0) return copy;
  if (order().idle()) {
    std::memcpy(copy.Data(), (const void*)address, elements * sizeof(float));
    return copy;
  }
  auto* worker = new Read(info.Env(), address, copy);
  const Value promise = worker->promise();
  worker->Queue();
  return promise;
}

/** memory(): {buffers, bytes, pooledBytes} */
Value memory(const CallbackInfo& info) {
  const MemoryCounts counts = memory_counts();
  auto out = Napi::Object::New(info.Env());
  out.Set("buffers", (double)counts.buffers);
  out.Set("bytes", (double)counts.bytes);
  out.Set("pooledBytes", (double)counts.pooled_bytes);
  return out;
}

/** trim(bytes): gives what is pooled beyond that back to the system. */
void trim(const CallbackInfo& info) {
  const double keep = whole(info, 0);
  const Turn turn(order().take());
  trim_pool((size_t)keep);
}

// --- kernels and programs
// ------------------------------------------------------------------------------------------

/** run(kernel, operands, outputCount, numbers) */
void run(const CallbackInfo& info) {
  const int kernel = (int)whole(info, 0, kKernelCount - 1);
  const auto pairs = doubles(info, 1);
  const int count = (int)(pairs.ElementLength() / 2);
  const int outputs = (int)whole(info, 2, count);
  const auto numbers = doubles(info, 3);
  guarded(info.Env(), [&] {
    std::vector<OperandRange> operands(count);
    std::vector<float*> addresses(count);
    for (int i = 0; i < count; i++) {
      operands[i] = operand_range(pairs[2 * i], pairs[2 * i + 1]);
      addresses[i] = (float*)operands[i].address;
    }
    check_operands(kernel, operands.data(), count);
    const Turn turn(order().take());
    execute(kernel, {addresses.data(), numbers.Data(), count, (int)numbers.ElementLength(), nullptr});
    forget_prepared(operands.data() + count - outputs, outputs);
  });
}

/** variantOf(kernel, numbers): the number of the variant that serves such a call, named or preferred, or -1
 */
Value variant_of(const CallbackInfo& info) {
  const int kernel = (int)whole(info, 0, kKernelCount - 1);
  const auto numbers = doubles(info, 1);
  float* const none[8] = {};
  const Call call{none, numbers.Data(), 0, (int)numbers.ElementLength(), nullptr};
  return Napi::Number::New(info.Env(), kernels().variant_of(kernel, call));
}

/**
 * steps, then for each step: kernel, operands, outputs, numbers, frozen (0 or 1), then its operands as pairs
 * address, elements, then its numbers.
 */
std::shared_ptr<Program> parse_program(const double* at, const double* end) {
  const auto next = [&]() -> double {
    if (at == end) throw std::invalid_argument("a program's description is cut short");
    return *at++;
  };
  std::vector<Program::Step> steps;
  std::vector<OperandRange> operands;
  std::vector<double> numbers;
  for (double left = next(); left > 0; left--) {
    Program::Step step{};
    step.kernel = (int)next();
    step.operand_count = (int)next();
    step.output_count = (int)next();
    step.number_count = (int)next();
    step.frozen = next() != 0;
    step.first_operand = operands.size();
    for (int i = 0; i < step.operand_count; i++) {
      const double address = next();
      operands.push_back(operand_range(address, next()));
    }
    step.first_number = numbers.size();
    for (int i = 0; i < step.number_count; i++) numbers.push_back(next());
    steps.push_back(step);
  }
  return std::make_shared<Program>(std::move(steps), std::move(operands), std::move(numbers));
}

using ProgramHandle = std::shared_ptr<Program>;

/** createProgram(description): handle */
Value create_program(const CallbackInfo& info) {
  const auto description = doubles(info, 0);
  return guarded(info.Env(), [&]() -> Value {
    auto* handle = new ProgramHandle(
        parse_program(description.Data(), description.Data() + description.ElementLength()));
    return Napi::External<ProgramHandle>::New(info.Env(), handle,
                                              [](Napi::Env, ProgramHandle* gone) { delete gone; });
  });
}

ProgramHandle& handle(const CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsExternal())
    throw Napi::TypeError::New(info.Env(), "argument 0 must be a program");
  return *info[0].As<Napi::External<ProgramHandle>>().Data();
}

ProgramHandle program(const CallbackInfo& info) {
  const ProgramHandle found = handle(info);
  if (!found) throw Napi::Error::New(info.Env(), "the program was disposed");
  guarded(info.Env(), [&] { found->check(); });
  return found;
}

/** One replay, on a thread of Node's. */
class Replay : public Napi::AsyncWorker {
 public:
  Replay(Napi::Env env, ProgramHandle program)
      : AsyncWorker(env, "fovea replay"),
        program_(std::move(program)),
        finished_(Napi::Promise::Deferred::New(env)),
        ticket_(order().take()) {}
  Value promise() const { return finished_.Promise(); }

 protected:
  void Execute() override {
    const Turn turn(ticket_);
    try {
      const StaysOnCore stays;
      program_->run();
    } catch (const std::bad_alloc&) {
      SetError("out of memory");
    }
  }
  void OnOK() override { finished_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { finished_.Reject(error.Value()); }

 private:
  ProgramHandle program_;
  Napi::Promise::Deferred finished_;
  uint64_t ticket_;
};

/** replay(program): a promise */
Value replay(const CallbackInfo& info) {
  auto* worker = new Replay(info.Env(), program(info));
  const Value promise = worker->promise();
  worker->Queue();
  return promise;
}

/** destroyProgram(program): frees it once its replays are over. */
void destroy_program(const CallbackInfo& info) { handle(info).reset(); }

/** profileProgram(program, rounds): seconds of each step */
Value profile_program(const CallbackInfo& info) {
  const ProgramHandle found = program(info);
  const int rounds = (int)whole(info, 1, 1e6);
  return guarded(info.Env(), [&]() -> Value {
    const Turn turn(order().take());
    const std::vector<double> seconds = found->profile(rounds);
    auto out = Napi::Float64Array::New(info.Env(), seconds.size());
    std::copy(seconds.begin(), seconds.end(), out.Data());
    return out;
  });
}

// --- the machine
// ---------------------------------------------------------------------------------------------------

/** info(): what runs here */
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
  auto names = Napi::Array::New(env);
  for (int i = 0; i < kKernelCount; i++) names.Set((uint32_t)i, Napi::String::New(env, kernel_name(i)));
  out.Set("kernels", names);
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

/** peakFlops(threads, seconds): operations a second of multiply-adds in registers, on all threads at once */
Value peak(const CallbackInfo& info) {
  const int count = std::max(1, (int)whole(info, 0, 1024));
  const double seconds = number(info, 1);
  const Turn turn(order().take());
  const WithThreads with(count);
  std::vector<double> each(count);
  parallel_for(count, [&](int i, int) { each[i] = kernels().peak_flops(seconds); });
  double total = 0;
  for (double one : each) total += one;
  return Napi::Number::New(info.Env(), total);
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

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("allocate", allocate);
  add("release", release);
  add("write", write);
  add("read", read);
  add("memory", memory);
  add("trim", trim);
  add("run", run);
  add("variantOf", variant_of);
  add("createProgram", create_program);
  add("replay", replay);
  add("destroyProgram", destroy_program);
  add("profileProgram", profile_program);
  add("info", describe);
  add("setThreads", change_threads);
  add("peakFlops", peak);
  add("copyBandwidth", bandwidth);
  return exports;
}

}  // namespace
}  // namespace fovea

static Napi::Object InitAll(Napi::Env env, Napi::Object exports) { return fovea::init(env, exports); }

NODE_API_MODULE(fovea, InitAll)
