#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "cpu.h"
#include "dispatch.h"
#include "memory.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fovea {
namespace {

using Task = std::function<void(int, int)>;

inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/** Polls `ready` for about 50 microseconds. */
template <class Ready>
bool spin(Ready ready) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  do {
    for (int i = 0; i < 64; i++) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < until);
  return false;
}

/**
 * One job at a time. `ticket` holds the job's task count (upper half) and the next task (lower half); who
 * increments it to below the count owns that task, and the job cannot end, nor `task` change, before the
 * owner has counted it as done. So a worker that comes late finds nothing to claim and touches nothing.
 */
class Pool {
 public:
  int size() const { return limit_.load(std::memory_order_relaxed); }

  void resize(int count) { limit_.store(std::max(1, count)); }

  void run(int count, const Task& task) {
    std::lock_guard<std::mutex> one_job(jobs_);
    while ((int)started_ < size() - 1) {
      const int thread = ++started_;
      std::thread([this, thread] { work(thread); }).detach();
    }
    task_ = &task;
    done_.store(0, std::memory_order_relaxed);
    ticket_.store((uint64_t)count << 32, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
      { std::lock_guard<std::mutex> lock(sleep_); }
      wake_.notify_all();
    }
    claim(0);
    const auto finished = [&] { return done_.load(std::memory_order_acquire) == count; };
    while (!spin(finished)) std::this_thread::yield();
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  bool work_left() const {
    const uint64_t ticket = ticket_.load(std::memory_order_seq_cst);
    return (uint32_t)ticket < (uint32_t)(ticket >> 32);
  }

  void claim(int thread) {
    while (work_left()) {
      const uint64_t ticket = ticket_.fetch_add(1, std::memory_order_acq_rel);
      const uint32_t index = (uint32_t)ticket;
      if (index >= (uint32_t)(ticket >> 32)) return;
      try {
        (*task_)((int)index, thread);
      } catch (...) {
        std::lock_guard<std::mutex> lock(error_lock_);
        if (!error_) error_ = std::current_exception();
      }
      done_.fetch_add(1, std::memory_order_acq_rel);
    }
  }

  void work(int thread) {
    const FlushDenormals flush;
    const auto wanted = [&] { return thread < size() && work_left(); };
    for (;;) {
      if (!spin(wanted)) {
        std::unique_lock<std::mutex> lock(sleep_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, wanted);
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      }
      current = thread;
      claim(thread);
      current = -1;
    }
  }

 public:
  static thread_local int current;  // the number under which this thread runs a task, or -1

 private:
  std::atomic<int> limit_{cpu().cores};
  std::mutex jobs_;
  int started_ = 0;
  const Task* task_ = nullptr;
  alignas(64) std::atomic<uint64_t> ticket_{0};
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

struct Scratch {
  void* data = nullptr;
  size_t bytes = 0;
  void* at_least(size_t wanted) {
    if (wanted > bytes) {
      free_aligned(data);
      data = nullptr, bytes = 0;
      data = allocate_aligned(wanted + wanted / 4);
      bytes = wanted + wanted / 4;
    }
    return data;
  }
};

struct ThreadScratch {
  Scratch slots[4];
  ~ThreadScratch() {
    for (Scratch& slot : slots) free_aligned(slot.data);
  }
};

Scratch shared[4];

}  // namespace

void set_threads(int count) { pool().resize(count); }

int threads() { return pool().size(); }

bool inside_task() { return Pool::current >= 0; }

void parallel_for(int count, const Task& task) {
  if (inside_task() || count <= 1 || threads() == 1) {
    const int thread = std::max(Pool::current, 0);
    for (int i = 0; i < count; i++) task(i, thread);
    return;
  }
  struct AsThreadZero {
    AsThreadZero() { Pool::current = 0; }
    ~AsThreadZero() { Pool::current = -1; }
  } as_thread_zero;
  pool().run(count, task);
}

void* shared_scratch(int slot, size_t bytes) { return shared[slot].at_least(bytes); }

void* thread_scratch(size_t bytes, int slot) {
  thread_local ThreadScratch scratch;
  return scratch.slots[slot].at_least(bytes);
}

}  // namespace fovea
