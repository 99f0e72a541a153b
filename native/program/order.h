// The order in which everything that touches the blocks takes effect, on whatever thread of Node's it runs. (WebAssembly needs none.)
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace fovea {

/**
 * A queue for the numbers' memory. Each user takes a ticket when it is queued (so the order is the
 * caller's) and holds the turn while it works, on whatever thread that is.
 */
class Order {
 public:
  uint64_t take();
  void wait(uint64_t ticket);
  void done();
  /** Nothing waits and nothing works. */
  bool idle();

 private:
  std::mutex lock_;
  std::condition_variable turned_;
  uint64_t next_ = 0, serving_ = 0;
};

Order& order();

/** A turn of `order()` that ends with the scope. */
class Turn {
 public:
  explicit Turn(uint64_t ticket) { order().wait(ticket); }
  ~Turn() { order().done(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
};

}  // namespace fovea
