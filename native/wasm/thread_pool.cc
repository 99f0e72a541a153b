// The pool of thread_pool.h in WebAssembly. Its threads are workers that JavaScript started (src/backend/wasm/workers.ts): each has an
// instance of the module on the same memory and stays in work() until quit(). Jobs go as in runtime/thread_pool.cc.
#include "runtime/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "runtime/fail.h"
#include "runtime/lock.h"
#include "runtime/memory.h"
#include "runtime/share.h"
#include "wasm/imports.h"
#include "wasm/machine.h"

#define FOVEA_EXPORT(name) __attribute__((export_name(#name), visibility("default")))

namespace fovea {
namespace {

using Task = std::function<void(int, int)>;

constexpr int kMaxThreads = 64;
FOVEA_THREAD_LOCAL int current = -1;  // the number under which this thread runs a task, or -1

struct Pool {
  std::atomic<int> limit{1};
  std::atomic<int> ready{1};    // threads that take part: 0 is the caller, the others have entered work()
  std::atomic<int> threads{0};  // of the job
  const Task* task = nullptr;
  Share shares[kMaxThreads];
  alignas(64) std::atomic<uint32_t> job{0};  // how many there were
  alignas(64) std::atomic<int> done{0};
  alignas(64) std::atomic<int> sleepers{0};
  std::atomic<bool> caller_sleeps{false}, quits{false}, failed{false};
  bool caller_may_sleep = false;
};

Pool pool;

constexpr int kSlots = 4;
Scratch shared[kSlots], of_thread[kMaxThreads][kSlots];

void sleep_while(std::atomic<uint32_t>& word, uint32_t value, int64_t nanoseconds) {
  __builtin_wasm_memory_atomic_wait32((int*)&word, (int)value, nanoseconds);
}

template <class Word>
void wake(std::atomic<Word>& word) {
  static_assert(sizeof word == 4);
  __builtin_wasm_memory_atomic_notify((int*)&word, UINT32_MAX);
}

/** Polls for some 100 microseconds: what lies between two jobs of a step is mostly shorter, and waking a thread takes tens of them. */
template <class Ready>
bool spin(Ready ready) {
  for (int i = 0; i < 50000; i++)
    if (ready()) return true;
  return false;
}

/** Runs tasks until none is left: the thread's own, then its neighbours'. */
void take_part(int thread, int threads) {
  int done = 0;
  for (int i = 0; i < threads; i++) {
    Share& share = pool.shares[(thread + i) % threads];
    for (int index; (index = share.take(i > 0)) >= 0; done++) (*pool.task)(index, thread);
  }
  if (!done) return;
  pool.done.fetch_add(done, std::memory_order_seq_cst);
  if (thread > 0 && pool.caller_sleeps.load(std::memory_order_seq_cst)) wake(pool.done);
}

void wait_until_done(int count) {
  const auto finished = [&] {
    return pool.done.load(std::memory_order_acquire) == count || pool.failed.load(std::memory_order_relaxed);
  };
  while (!spin(finished)) {
    if (!pool.caller_may_sleep) continue;
    pool.caller_sleeps.store(true, std::memory_order_seq_cst);
    const int seen = pool.done.load(std::memory_order_seq_cst);
    // A millisecond at most, in case a thread failed meanwhile.
    if (seen != count) __builtin_wasm_memory_atomic_wait32((int*)&pool.done, seen, 1'000'000);
    pool.caller_sleeps.store(false, std::memory_order_relaxed);
  }
}

void run(int count, const Task& task) {
  if (pool.failed) fail(Message() << "a thread of the pool failed; open the backend again");
  const int threads = fovea::threads();
  pool.threads.store(threads, std::memory_order_seq_cst);  // see work()
  for (int t = threads; t < kMaxThreads; t++)
    while (pool.shares[t].owner_is_inside.load(std::memory_order_seq_cst)) {
    }
  pool.task = &task;
  pool.done.store(0, std::memory_order_relaxed);
  for (int t = 0; t < threads; t++)
    pool.shares[t].word.store(Share::first_of(count, t, threads), std::memory_order_release);
  pool.job.fetch_add(1, std::memory_order_seq_cst);
  if (pool.sleepers.load(std::memory_order_seq_cst) > 0) wake(pool.job);
  take_part(0, threads);
  wait_until_done(count);
  if (pool.failed) fail(Message() << "a thread of the pool failed; open the backend again");
}

}  // namespace

void set_threads(int count) { pool.limit = std::clamp(count, 1, kMaxThreads); }

int threads() { return std::min(pool.limit.load(), pool.ready.load()); }

bool inside_task() { return current >= 0; }

void parallel_for(int count, const Task& task) {
  if (inside_task() || count <= 1 || threads() == 1) {
    const int thread = std::max(current, 0);
    for (int i = 0; i < count; i++) task(i, thread);
    return;
  }
  current = 0;
  run(count, task);
  current = -1;
}

void* shared_scratch(int slot, size_t bytes) { return shared[slot].at_least(bytes); }

void* thread_scratch(size_t bytes, int slot) { return of_thread[std::max(current, 0)][slot].at_least(bytes); }

StaysOnCore::StaysOnCore() = default;
StaysOnCore::~StaysOnCore() = default;

void suppose_caller_may_sleep(bool may) { pool.caller_may_sleep = may; }

extern "C" {

/** What a worker's thread does until quit(). */
FOVEA_EXPORT(work) void work(int thread) {
  uint32_t seen = pool.job.load();
  pool.ready.fetch_add(1);
  const auto has_work = [&] { return pool.job.load(std::memory_order_seq_cst) != seen; };
  while (!pool.quits.load()) {
    if (!spin(has_work)) {
      pool.sleepers.fetch_add(1, std::memory_order_seq_cst);
      if (!has_work()) sleep_while(pool.job, seen, -1);
      pool.sleepers.fetch_sub(1, std::memory_order_seq_cst);
      continue;
    }
    seen = pool.job.load(std::memory_order_acquire);
    current = thread;
    std::atomic<bool>& inside = pool.shares[thread].owner_is_inside;
    // Either this thread sees how many have work now, or run() sees that it is inside.
    inside.exchange(true, std::memory_order_seq_cst);
    const int threads = pool.threads.load(std::memory_order_seq_cst);
    if (thread < threads) take_part(thread, threads);
    inside.store(false, std::memory_order_release);
    current = -1;
  }
}

/** Lets every worker leave work(). */
FOVEA_EXPORT(quit) void quit() {
  pool.quits = true;
  pool.job.fetch_add(1);
  wake(pool.job);
}

/** A thread left a task by an error: the job will never be done, and the pool is lost. */
FOVEA_EXPORT(give_up) void give_up() { pool.failed = true; }

/** An error left the module by way of JavaScript: if it left a job, the others still work at it, and the pool is lost. */
FOVEA_EXPORT(recover) void recover() {
  if (current >= 0) pool.failed = true;
  current = -1;
}

/** The threads that take part by now. */
FOVEA_EXPORT(ready_threads) int ready_threads() { return pool.ready; }

}  // extern "C"

}  // namespace fovea
