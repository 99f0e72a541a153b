// Blocks of memory: made, written, read and given back.
#include <cstring>

#include "addon/arguments.h"
#include "memory.h"

namespace fovea {
namespace {

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

Napi::Float32Array make_array(const CallbackInfo& info, size_t elements) {
  auto made = Napi::Float32Array::New(info.Env(), elements);
  populate(made.Data(), made.ByteLength());
  return made;
}

/** newArray(elements): a Float32Array of zeros whose memory is there already */
Value new_array(const CallbackInfo& info) { return make_array(info, (size_t)whole(info, 0, 0x1p46)); }

/**
 * read(address, elements, into?): the Float32Array, filled, or a new one. While replays are pending it is a
 * promise of a new one: the caller's might be given away before its turn comes.
 */
Value read(const CallbackInfo& info) {
  const auto address = (uintptr_t)whole(info, 0);
  const size_t elements = (size_t)whole(info, 1, 0x1p46);
  check_live(info, address, elements * sizeof(float));
  const bool given = info.Length() > 2 && !info[2].IsUndefined();
  auto to = given ? array<Napi::Float32Array>(info, 2, napi_float32_array, "Float32Array")
                  : make_array(info, elements);
  if (to.ElementLength() != elements)
    throw Napi::RangeError::New(info.Env(), "the array to read into is not of the storage's length");
  if (elements == 0) return to;
  if (order().idle()) {
    std::memcpy(to.Data(), (const void*)address, to.ByteLength());
    return to;
  }
  auto* worker = new Read(info.Env(), address, given ? make_array(info, elements) : to);
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
  exports.add("newArray", new_array);
  exports.add("read", read);
  exports.add("memory", memory);
  exports.add("trim", trim);
}

}  // namespace fovea
