// The addon's own threads. Work is a numbered list of independent tasks; which thread runs a task is left to
// chance, so a kernel that wants the same bits for any number of threads makes its tasks (and the order of
// its sums) depend on shapes alone.
#pragma once

#include <cstddef>
#include <functional>

namespace fovea {

/** Threads that parallel_for uses, the caller included. Takes effect at the next parallel_for; at least 1. */
void set_threads(int count);
int threads();

/**
 * Runs task(index, thread) for every index in [0, count), on the caller and the pool; returns when all are
 * done. `thread` is in [0, threads()). Calls do not nest: inside a task it runs serially on that thread.
 */
void parallel_for(int count, const std::function<void(int index, int thread)>& task);

/**
 * While it lives, this thread stays on the core that the pool leaves to its caller: one long list of jobs after
 * another then finds its data in the same caches, whichever thread of Node's runs it.
 */
class StaysOnCore {
 public:
  StaysOnCore();
  ~StaysOnCore();
  StaysOnCore(const StaysOnCore&) = delete;
  StaysOnCore& operator=(const StaysOnCore&) = delete;
};

/** Is this thread running a task? Then parallel_for is serial, and shared_scratch belongs to somebody else.
 */
bool inside_task();

/**
 * Scratch memory of at least `bytes`, 64-byte aligned, that stays valid until the next call with the same
 * slot (0..3). The slots of `shared_scratch` are the process's: ask for them outside tasks. Those of
 * `thread_scratch` are the thread's of the pool, whose number 0 is whoever calls. Convolutions use slots 0
 * and 1 of both, matrix products all.
 */
void* shared_scratch(int slot, size_t bytes);
void* thread_scratch(size_t bytes, int slot = 0);

}  // namespace fovea
