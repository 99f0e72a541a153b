// Kernels called one by one, and programs: lists of calls that are replayed off the main thread.
#include <algorithm>
#include <memory>
#include <vector>

#include "addon/arguments.h"
#include "program/dispatch.h"
#include "runtime/thread_pool.h"

namespace fovea {
namespace {

/**
 * run(kernel, operands, outputs, command): `command` holds the operands as pairs of address and elements, then
 * the kernel's numbers; what is left of it is not read.
 */
void run(const CallbackInfo& info) {
  const int kernel = (int)whole(info, 0, kKernelCount - 1);
  const auto command = doubles(info, 3);
  const int length = (int)command.ElementLength();
  const int count = (int)whole(info, 1, length / 2), outputs = (int)whole(info, 2, count);
  const double* const pairs = command.Data();
  guarded(info.Env(), [&] {
    std::vector<OperandRange> operands(count);
    std::vector<float*> addresses(count);
    for (int i = 0; i < count; i++) {
      operands[i] = operand_range(pairs[2 * i], pairs[2 * i + 1]);
      addresses[i] = (float*)operands[i].address;
    }
    check_operands(kernel, operands.data(), count);
    const Turn turn(order().take());
    execute(kernel, {addresses.data(), pairs + 2 * count, count, length - 2 * count});
    forget_prepared(operands.data() + count - outputs, outputs);
  });
}

/** variantOf(kernel, numbers): the number of the variant that serves such a call, named or preferred, or -1
 */
Value variant_of(const CallbackInfo& info) {
  const int kernel = (int)whole(info, 0, kKernelCount - 1);
  const auto numbers = doubles(info, 1);
  float* const none[8] = {};
  const Call call{none, numbers.Data(), 0, (int)numbers.ElementLength()};
  return Napi::Number::New(info.Env(), kernels().variant_of(kernel, call));
}

/** overwritable(kernel, numbers): the operands in whose place such a call may put its output, by their numbers */
Value overwritable(const CallbackInfo& info) {
  const int kernel = (int)whole(info, 0, kKernelCount - 1);
  const auto numbers = doubles(info, 1);
  float* const none[8] = {};
  const auto found = kernels().overwritable(kernel, {none, numbers.Data(), 0, (int)numbers.ElementLength()});
  auto out = Napi::Array::New(info.Env(), found.size());
  for (size_t i = 0; i < found.size(); i++) out.Set((uint32_t)i, Napi::Number::New(info.Env(), found[i]));
  return out;
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

}  // namespace

void add_programs(const Exports& exports) {
  exports.add("run", run);
  exports.add("variantOf", variant_of);
  exports.add("overwritable", overwritable);
  exports.add("createProgram", create_program);
  exports.add("replay", replay);
  exports.add("destroyProgram", destroy_program);
  exports.add("profileProgram", profile_program);
}

}  // namespace fovea
