#include "runtime/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/affinity.h"
#include "runtime/cpu.h"
#include "runtime/flush_denormals.h"
#include "runtime/memory.h"
#include "runtime/share.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fovea {
namespace {

using Task = std::function<void(int, int)>;

constexpr int kMaxThreads = 256;

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/** Whoever sees from now on that this thread's tasks are done sees what they stored, by non-temporal stores, too. */
inline void fence_nontemporal_stores() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

/**
 * Polls `ready` for about 200 microseconds, longer than a step's serial parts: waking a thread costs tens of
 * microseconds, more on a virtual machine. It does not yield: Linux would let others go first for milliseconds.
 */
template <class Ready>
bool spin(Ready ready) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
  do {
    for (int i = 0; i < 64; i++) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

/**
 * One job at a time. Every thread begins with an equal share of neighbouring tasks, so that kernel after
 * kernel it meets the part of the data that it wrote and still has in its caches; cores of different chiplets
 * exchange data slowly. Who is done takes from the back of others' shares.
 *
 * The job cannot end, nor `task` change, before the owner of a task has counted it as done. So a worker that
 * comes late finds nothing to take and touches nothing, or helps with the next job. Where that is for fewer threads,
 * whose numbers index what the job holds, it begins when those beyond them have left.
 */
class Pool {
 public:
  int size() const { return limit_.load(std::memory_order_relaxed); }

  void resize(int count) { limit_.store(std::clamp(count, 1, kMaxThreads)); }

  void bind_caller(bool bound) {
    std::lock_guard<std::mutex> no_job(jobs_);
    affinity_.bind_caller(bound);
  }

  void run(int count, const Task& task) {
    std::lock_guard<std::mutex> one_job(jobs_);
    const int threads = size();
    while (started_ < threads - 1) {
      const int thread = ++started_;
      std::thread worker([this, thread] { work(thread); });
      affinity_.add(worker);
      worker.detach();
    }
    affinity_.keep_apart(threads);
    threads_.exchange(threads, std::memory_order_seq_cst);  // see work()
    for (int t = threads; t <= started_; t++)
      while (shares_[t].owner_is_inside.load(std::memory_order_seq_cst)) std::this_thread::yield();
    task_ = &task;
    done_.store(0, std::memory_order_relaxed);
    for (int t = 0; t < threads; t++)
      shares_[t].word.store(Share::first_of(count, t, threads), std::memory_order_release);
    job_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
      { std::lock_guard<std::mutex> lock(sleep_); }
      wake_.notify_all();
    }
    take_part(0, threads);
    const auto finished = [&] { return done_.load(std::memory_order_acquire) == count; };
    while (!spin(finished)) std::this_thread::yield();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  /** Runs tasks until none is left: the thread's own, then its neighbours'. */
  void take_part(int thread, int threads) {
    int done = 0;
    for (int i = 0; i < threads; i++) {
      Share& share = shares_[(thread + i) % threads];
      for (int index; (index = share.take(i > 0)) >= 0; done++) {
        try {
          (*task_)(index, thread);
        } catch (...) {
          std::lock_guard<std::mutex> lock(error_lock_);
          if (!error_) error_ = std::current_exception();
        }
      }
    }
    if (!done) return;
    fence_nontemporal_stores();
    done_.fetch_add(done, std::memory_order_acq_rel);
  }

  void work(int thread) {
    const FlushDenormals flush;
    uint32_t seen = 0;
    const auto has_work = [&] { return thread < size() && job_.load(std::memory_order_seq_cst) != seen; };
    for (;;) {
      if (!spin(has_work)) {
        std::unique_lock<std::mutex> lock(sleep_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, has_work);
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      }
      seen = job_.load(std::memory_order_acquire);
      current = thread;
      std::atomic<bool>& inside = shares_[thread].owner_is_inside;
      // Either this thread sees how many have work now, or run() sees that it is inside. (Exchanges, as emulators of ARM take
      // the load before a mere store; elsewhere they cost the same.)
      inside.exchange(true, std::memory_order_seq_cst);
      const int threads = threads_.load(std::memory_order_seq_cst);
      if (thread < threads) take_part(thread, threads);
      inside.store(false, std::memory_order_release);
      current = -1;
    }
  }

 public:
  static thread_local int current;  // the number under which this thread runs a task, or -1

 private:
  std::atomic<int> limit_{cpu().cores};
  std::mutex jobs_;
  int started_ = 0;
  Affinity affinity_;
  std::atomic<int> threads_{0};  // of the job
  const Task* task_ = nullptr;
  Share shares_[kMaxThreads];
  alignas(64) std::atomic<uint32_t> job_{0};  // how many there were
  alignas(64) std::atomic<int> done_{0};
  alignas(64) std::atomic<int> sleepers_{0};
  std::mutex sleep_;
  std::condition_variable wake_;
  std::mutex error_lock_;
  std::exception_ptr error_;
};

thread_local int Pool::current = -1;

/** Never destroyed: its threads may still be asleep in it when the process ends. */
Pool& pool() {
  static Pool* const made = new Pool;
  return *made;
}

struct ThreadScratch {
  Scratch slots[4];
  ~ThreadScratch() {
    for (Scratch& slot : slots) free_aligned(slot.data);
  }
};

Scratch shared_slots[4];

}  // namespace

void set_threads(int count) { pool().resize(count); }

int threads() { return pool().size(); }

bool inside_task() { return Pool::current >= 0; }

void parallel_for(int count, const Task& task) {
  if (inside_task() || count <= 1 || threads() == 1) {
    const int thread = std::max(Pool::current, 0);
    for (int i = 0; i < count; i++) task(i, thread);
    fence_nontemporal_stores();
    return;
  }
  struct AsThreadZero {
    AsThreadZero() { Pool::current = 0; }
    ~AsThreadZero() { Pool::current = -1; }
  } as_thread_zero;
  pool().run(count, task);
}

void* shared_scratch(int slot, size_t bytes) { return shared_slots[slot].at_least(bytes); }

void* thread_scratch(size_t bytes, int slot) {
  static ThreadScratch* const callers = new ThreadScratch;
  thread_local ThreadScratch scratch;
  return (Pool::current > 0 ? scratch : *callers).slots[slot].at_least(bytes);
}

StaysOnCore::StaysOnCore() { pool().bind_caller(true); }
StaysOnCore::~StaysOnCore() { pool().bind_caller(false); }

}  // namespace fovea
