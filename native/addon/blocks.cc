// Blocks of memory: made, written, read and given back.
#include <cstring>

#include "addon/arguments.h"
#include "runtime/memory.h"

namespace fovea {
namespace {

/** Tells the garbage collector of memory that it does not see, so that it looks for tensors that hold it. */
void count_memory(const CallbackInfo& info, double elements) {
  Napi::MemoryManagement::AdjustExternalMemory(info.Env(), (int64_t)(elements * sizeof(float)));
}

/** allocate(elements): address */
Value allocate(const CallbackInfo& info) {
  const double elements = whole(info, 0, 0x1p46);
  const auto attempt = [&] {
    const auto address = (uintptr_t)allocate_block((size_t)elements * sizeof(float));
    count_memory(info, elements);
    return (double)address;
  };
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

/** release(address, elements) */
void release(const CallbackInfo& info) {
  const double elements = whole(info, 1, 0x1p46);
  if (!release_block((uintptr_t)whole(info, 0)))
    throw Napi::Error::New(info.Env(), "the storage was released before");
  count_memory(info, -elements);
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

/** A copy out, after the replays that were queued before it. */
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

/** populate(Float32Array): has the system hand out its memory now, see memory.h. */
void populate_array(const CallbackInfo& info) {
  auto data = array<Napi::Float32Array>(info, 0, napi_float32_array, "Float32Array");
  populate(data.Data(), data.ByteLength());
}

/**
 * read(address, Float32Array, wait): the array, filled; while replays are pending a promise of it, or with
 * `wait` the array after them. An array that others hold might be given away before a promise is kept.
 */
Value read(const CallbackInfo& info) {
  const auto address = (uintptr_t)whole(info, 0);
  auto to = array<Napi::Float32Array>(info, 1, napi_float32_array, "Float32Array");
  check_live(info, address, to.ByteLength());
  if (to.ByteLength() == 0) return to;
  if (order().idle() || info[2].ToBoolean()) {
    const Turn turn(order().take());
    std::memcpy(to.Data(), (const void*)address, to.ByteLength());
    return to;
  }
  auto* worker = new Read(info.Env(), address, to);
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

}  // namespace

void add_blocks(const Exports& exports) {
  exports.add("allocate", allocate);
  exports.add("release", release);
  exports.add("write", write);
  exports.add("populate", populate_array);
  exports.add("read", read);
  exports.add("memory", memory);
  exports.add("trim", trim);
}

}  // namespace fovea
