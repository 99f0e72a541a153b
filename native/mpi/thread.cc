#include "thread.h"

#include <thread>

namespace fovea::mpi {

void Thread::begin(Listener listener) {
  listener_ = std::move(listener);
  std::thread([this] { run(); }).detach();
}

void Thread::add(std::unique_ptr<Task> task) {
  {
    std::lock_guard<std::mutex> guard(lock_);
    added_.push_back(std::move(task));
  }
  woken_.notify_one();
}

void Thread::finish(std::function<void()> closed) {
  {
    std::lock_guard<std::mutex> guard(lock_);
    closed_ = std::move(closed);
  }
  woken_.notify_one();
}

void Thread::abort(int code) {
  abort_code_ = code;
  woken_.notify_one();
}

void Thread::run() {
  try {
    world = open_world();
    watch_.begin(world);
  } catch (const std::exception& error) {
    listener_.opened(error.what());
    return;
  }
  listener_.opened("");
  loop();
  closed_();
}

void Thread::loop() {
  while (!closing()) {
    take();
    bool moved = false;
    if (!collectives_.empty()) {
      const bool begins = !first_begun_;
      first_begun_ = true;
      if (advance(collectives_.front(), begins)) {
        collectives_.pop_front();
        first_begun_ = false;
        moved = true;
      }
    }
    for (size_t i = 0; i < others_.size();) {
      if (advance(others_[i], false)) {
        others_.erase(others_.begin() + (ptrdiff_t)i);
        moved = true;
      } else {
        i++;
      }
    }
    if (!is_lost_) {
      int lost = -1;
      try {
        lost = watch_.look(world);
      } catch (const std::exception&) {
        // MPI's own complaint about a message to a rank that is gone; the next look finds which.
      }
      if (lost >= 0) {
        is_lost_ = true;
        listener_.lost(lost);
      }
    }
    if (!moved) rest(!collectives_.empty() || !others_.empty() || at_barrier_);
  }
}

/** Begins or asks a task; true when it is done with, well or not, and handed back. */
bool Thread::advance(std::unique_ptr<Task>& task, bool begins) {
  try {
    if (begins) task->begin(world);
    if (!task->poll(world)) return false;
  } catch (const std::exception& error) {
    task->error = error.what();
  }
  is_waiting_ = false;
  listener_.done(std::move(task));
  return true;
}

void Thread::take() {
  std::deque<std::unique_ptr<Task>> added;
  {
    std::lock_guard<std::mutex> guard(lock_);
    added.swap(added_);
  }
  for (auto& task : added) {
    if (task->is_collective()) {
      collectives_.push_back(std::move(task));
      continue;
    }
    try {
      task->begin(world);
      others_.push_back(std::move(task));
    } catch (const std::exception& error) {
      task->error = error.what();
      listener_.done(std::move(task));
    }
  }
}

bool Thread::closing() {
  if (abort_code_ >= 0) MPI_Abort(MPI_COMM_WORLD, abort_code_);
  if (!at_barrier_) {
    std::lock_guard<std::mutex> guard(lock_);
    if (!closed_ || !added_.empty() || !collectives_.empty()) return false;
    at_barrier_ = true;
    watch_.stop_missing();
    MPI_Ibarrier(world.collectives, &last_barrier_);
  }
  if (!complete(last_barrier_)) return false;
  for (auto& task : others_) {
    task->error = "MPI has ended";
    listener_.done(std::move(task));
  }
  watch_.end();
  close_world(world);
  return true;
}

void Thread::rest(bool is_busy) {
  using namespace std::chrono;
  if (!is_busy) {
    is_waiting_ = false;
    std::unique_lock<std::mutex> guard(lock_);
    woken_.wait_for(guard, milliseconds(20), [&] { return !added_.empty() || closed_ || abort_code_ >= 0; });
    return;
  }
  const auto now = steady_clock::now();
  if (!is_waiting_) waiting_since_ = now;
  is_waiting_ = true;
  const auto waited = now - waiting_since_;
  if (waited < microseconds(100))
    std::this_thread::yield();
  else
    std::this_thread::sleep_for(waited < milliseconds(10) ? microseconds(30) : microseconds(300));
}

}  // namespace fovea::mpi
