// A piece of work for the MPI thread, and the promise that JavaScript holds of it.
#pragma once

#include <napi.h>

#include <string>

#include "world.h"

namespace fovea::mpi {

class Task {
 public:
  explicit Task(Napi::Env env) : promise_(Napi::Promise::Deferred::New(env)) {}
  virtual ~Task() = default;

  /** On the MPI thread, once. */
  virtual void begin(World& world) = 0;
  /** On the MPI thread, again and again until it returns true. Never waits. */
  virtual bool poll(World& world) = 0;
  /** On JavaScript's thread: what the promise resolves to. */
  virtual Napi::Value result(Napi::Env env) { return env.Undefined(); }
  /** Collectives take effect on all ranks in the order in which they were begun; one runs at a time. */
  virtual bool is_collective() const { return true; }

  Napi::Promise promise() const { return promise_.Promise(); }
  void settle(Napi::Env env) {
    if (error.empty())
      promise_.Resolve(result(env));
    else
      promise_.Reject(Napi::Error::New(env, error).Value());
  }

  /** Why it failed; empty if it did not. */
  std::string error;

 private:
  Napi::Promise::Deferred promise_;
};

/** A typed array whose memory a task uses; it is kept from being collected meanwhile. */
class Pinned {
 public:
  explicit Pinned(const Napi::TypedArray& array)
      : bytes((uint8_t*)array.ArrayBuffer().Data() + array.ByteOffset()),
        byte_length(array.ByteLength()),
        reference_(Napi::Persistent(array)) {}
  uint8_t* const bytes;
  const size_t byte_length;

 private:
  Napi::Reference<Napi::TypedArray> reference_;
};

}  // namespace fovea::mpi
