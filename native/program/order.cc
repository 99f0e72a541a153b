#include "program/order.h"

namespace fovea {

uint64_t Order::take() {
  std::lock_guard<std::mutex> guard(lock_);
  return next_++;
}

void Order::wait(uint64_t ticket) {
  std::unique_lock<std::mutex> guard(lock_);
  turned_.wait(guard, [&] { return serving_ == ticket; });
}

void Order::done() {
  {
    std::lock_guard<std::mutex> guard(lock_);
    serving_++;
  }
  turned_.notify_all();
}

bool Order::idle() {
  std::lock_guard<std::mutex> guard(lock_);
  return serving_ == next_;
}

/** Never destroyed: a replay may be pending when the process ends. */
Order& order() {
  static Order* const made = new Order;
  return *made;
}

}  // namespace fovea
