// The one thread that calls MPI. JavaScript gives it tasks; it begins them in order, asks them until they are done, and hands them
// back. Between answers it yields and then sleeps instead of spinning, as its core is also the one that computes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "task.h"
#include "watch.h"

namespace fovea::mpi {

class Thread {
 public:
  struct Listener {
    /** MPI is initialised, or `error` says why not. */
    std::function<void(const std::string& error)> opened;
    std::function<void(std::unique_ptr<Task>)> done;
    std::function<void(int rank)> lost;
  };

  /** Begins the thread, which initialises MPI. The listener is called on it. */
  void begin(Listener listener);
  void add(std::unique_ptr<Task> task);
  /** After what was added before: waits for the other ranks to ask for it, too, ends MPI, calls `closed`, and ends. */
  void finish(std::function<void()> closed);
  /** Ends all ranks at once. */
  void abort(int code);

  /** Of use once `opened` was called. */
  World world;

 private:
  void run();
  void loop();
  bool advance(std::unique_ptr<Task>& task, bool begins);
  void take();
  /** True if it is time to end. */
  bool closing();
  void rest(bool is_busy);

  Listener listener_;
  Watch watch_;
  std::mutex lock_;
  std::condition_variable woken_;
  std::deque<std::unique_ptr<Task>> added_;
  std::function<void()> closed_;
  std::atomic<int> abort_code_{-1};

  // The thread's own.
  std::deque<std::unique_ptr<Task>> collectives_;
  bool first_begun_ = false;
  std::vector<std::unique_ptr<Task>> others_;
  bool is_lost_ = false;
  MPI_Request last_barrier_ = MPI_REQUEST_NULL;
  bool at_barrier_ = false;
  std::chrono::steady_clock::time_point waiting_since_;
  bool is_waiting_ = false;
};

}  // namespace fovea::mpi
