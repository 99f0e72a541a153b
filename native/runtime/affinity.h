// Which cores the pool's threads run on. Left alone, the system often wakes a worker on the very core that woke
// it and needs milliseconds to move it to an idle one; a job of a millisecond then runs at half its speed.
#pragma once

#include <thread>
#include <vector>

namespace fovea {

/** Not thread-safe: for whoever holds the pool's lock. Does nothing where the system has no affinity. */
class Affinity {
 public:
  /** The next worker: number 1, then 2, and so on. */
  void add(std::thread& worker);

  /**
   * Keeps each of workers 1 .. threads - 1 on a core of its own that is not the calling thread's. Only where
   * there are as many threads as cores: fewer threads are the system's to spread among other programs.
   */
  void keep_apart(int threads);

  /** Binds the calling thread to the core that keep_apart() has left to the caller; `false` frees it again. */
  void bind_caller(bool bound);

 private:
  std::vector<std::thread::native_handle_type> handles_{0};  // of thread 0, the caller: unused
  std::vector<int> core_{0};                                 // of each thread
  bool placed_ = false;
};

}  // namespace fovea
