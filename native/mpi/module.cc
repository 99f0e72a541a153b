// The Node-API module of MPI: few functions, each a promise that the MPI thread keeps (thread.h). What they are used for is
// src/ranks/.
#include <napi.h>

#include <cmath>

#include "all_reduce.h"
#include "collectives.h"
#include "mail.h"
#include "thread.h"

namespace fovea::mpi {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

/** Never destroyed: its thread may still run when the process ends. */
Thread& thread() {
  static Thread* const made = new Thread;
  return *made;
}

/** What the MPI thread has to say is said on JavaScript's thread. */
Napi::ThreadSafeFunction events;
Napi::FunctionReference on_lost;
/** Promises that are open: the process stays alive for them, and for nothing else here. */
int pending = 0;

void hold(Napi::Env env) {
  if (pending++ == 0) events.Ref(env);
}
void let_go(Napi::Env env) {
  if (--pending == 0) events.Unref(env);
}

template <class Say>
void later(Say say) {
  events.NonBlockingCall([say](Napi::Env env, Napi::Function) { say(env); });
}

Value describe(Napi::Env env) {
  const World& world = thread().world;
  auto out = Napi::Object::New(env);
  out.Set("rank", world.rank);
  out.Set("size", world.size);
  auto peers = Napi::Array::New(env, world.peers.size());
  for (size_t r = 0; r < world.peers.size(); r++) {
    auto peer = Napi::Object::New(env);
    peer.Set("host", world.peers[r].host);
    peer.Set("pid", (double)world.peers[r].pid);
    peer.Set("isHere", world.peers[r].place == world.peers[(size_t)world.rank].place);
    peers.Set((uint32_t)r, peer);
  }
  out.Set("peers", peers);
  return out;
}

/** start(lost): initialises MPI with the other ranks; lost(rank) is called when one has died. A promise of {rank, size, peers}. */
Value start(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  events = Napi::ThreadSafeFunction::New(env, Napi::Function(), "fovea MPI", 0, 1);
  on_lost = Napi::Persistent(info[0].As<Napi::Function>());
  pending = 1;
  const auto promise = Napi::Promise::Deferred::New(env);
  thread().begin({
      .opened =
          [promise](const std::string& error) {
            later([promise, error](Napi::Env env) {
              if (error.empty())
                promise.Resolve(describe(env));
              else
                promise.Reject(Napi::Error::New(env, error).Value());
              let_go(env);
            });
          },
      .done =
          [](std::unique_ptr<Task> task) {
            later([task = task.release()](Napi::Env env) {
              task->settle(env);
              delete task;
              let_go(env);
            });
          },
      .lost =
          [](int rank) { later([rank](Napi::Env env) { on_lost.Call({Napi::Number::New(env, rank)}); }); },
  });
  return promise.Promise();
}

Value give(Napi::Env env, std::unique_ptr<Task> task) {
  hold(env);
  const Value promise = task->promise();
  thread().add(std::move(task));
  return promise;
}

template <class Array>
Array array(const CallbackInfo& info, size_t i, napi_typedarray_type type, const char* name) {
  if (i < info.Length() && info[i].IsTypedArray() && info[i].As<Napi::TypedArray>().TypedArrayType() == type)
    return info[i].As<Array>();
  throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(i) + " must be a " + name);
}
Napi::Uint8Array bytes(const CallbackInfo& info, size_t i) {
  return array<Napi::Uint8Array>(info, i, napi_uint8_array, "Uint8Array");
}

int rank(const CallbackInfo& info, size_t i) {
  const double value =
      i < info.Length() && info[i].IsNumber() ? info[i].As<Napi::Number>().DoubleValue() : -1;
  if (!(value >= 0 && value < thread().world.size && value == std::floor(value)))
    throw Napi::RangeError::New(info.Env(), "argument " + std::to_string(i) + " must be a rank");
  return (int)value;
}

/** allReduce(Float32Array): a promise, kept when the array holds the sums over all ranks. */
Value all_reduce(const CallbackInfo& info) {
  const auto values = array<Napi::Float32Array>(info, 0, napi_float32_array, "Float32Array");
  return give(info.Env(), std::make_unique<AllReduce>(info.Env(), values));
}

/** broadcast(Uint8Array, root): a promise, kept when the array holds root's bytes. */
Value broadcast(const CallbackInfo& info) {
  return give(info.Env(), std::make_unique<Broadcast>(info.Env(), bytes(info, 0), rank(info, 1)));
}

/** gather(Uint8Array): a promise of every rank's bytes, by rank. */
Value gather(const CallbackInfo& info) {
  return give(info.Env(), std::make_unique<Gather>(info.Env(), bytes(info, 0)));
}

/** barrier(): a promise, kept when every rank has come to it. */
Value barrier(const CallbackInfo& info) { return give(info.Env(), std::make_unique<Barrier>(info.Env())); }

/** send(rank, Uint8Array): a promise, kept when the array may be written again. */
Value send(const CallbackInfo& info) {
  return give(info.Env(), std::make_unique<Send>(info.Env(), rank(info, 0), bytes(info, 1)));
}

/** receive(): a promise of the next message to this rank, {from, bytes}. */
Value receive(const CallbackInfo& info) { return give(info.Env(), std::make_unique<Receive>(info.Env())); }

/** Tells what all-reduce has done so far, on the thread that does it. */
class TellTraffic : public Task {
 public:
  using Task::Task;
  void begin(World&) override {}
  bool poll(World&) override {
    told_ = AllReduce::traffic;
    return true;
  }
  Value result(Napi::Env env) override {
    auto out = Napi::Object::New(env);
    out.Set("calls", told_.calls);
    out.Set("bytesSent", told_.bytes_sent);
    out.Set("seconds", told_.seconds);
    return out;
  }

 private:
  Traffic told_;
};

/** traffic(): a promise of {calls, bytesSent, seconds} of this rank's all-reduces, those begun before included. */
Value traffic(const CallbackInfo& info) {
  return give(info.Env(), std::make_unique<TellTraffic>(info.Env()));
}

/** finish(): waits for all ranks to call it and ends MPI; a promise. */
Value finish(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  hold(env);
  const auto promise = Napi::Promise::Deferred::New(env);
  thread().finish([promise] {
    later([promise](Napi::Env env) {
      promise.Resolve(env.Undefined());
      let_go(env);
    });
  });
  return promise.Promise();
}

/** abort(code): ends every rank at once. */
void abort(const CallbackInfo& info) { thread().abort(info[0].ToNumber().Int32Value()); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("start", start);
  add("allReduce", all_reduce);
  add("broadcast", broadcast);
  add("gather", gather);
  add("barrier", barrier);
  add("send", send);
  add("receive", receive);
  add("traffic", traffic);
  add("finish", finish);
  add("abort", abort);
  exports.Set("apiVersion", Napi::Number::New(env, 2));
  exports.Set("library", Napi::String::New(env, library_version()));
  return exports;
}

}  // namespace
}  // namespace fovea::mpi

static Napi::Object init_module(Napi::Env env, Napi::Object exports) {
  return fovea::mpi::init(env, exports);
}
NODE_API_MODULE(fovea_mpi, init_module)
