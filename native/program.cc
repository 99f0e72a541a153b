#include "program.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

#include "dispatch.h"
#include "memory.h"

namespace fovea {

void Cache::reserve(size_t wanted_bytes) {
  if (wanted_bytes <= bytes) return;
  free_aligned(data);
  data = nullptr, bytes = 0;
  data = (float*)allocate_aligned(wanted_bytes);
  bytes = wanted_bytes;
}

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

void check_operands(int kernel, const OperandRange* operands, int count) {
  for (int i = 0; i < count; i++)
    if (!is_live(operands[i].address, operands[i].bytes))
      throw std::invalid_argument(
          "operand " + std::to_string(i) + " of " + kernel_name(kernel) +
          " is not inside a live storage; was it released, or is its shape larger than its storage?");
}

void execute(int kernel, const Call& call) {
  const FlushDenormals flush;
  kernels().kernels[kernel](call);
}

Program::Program(std::vector<Step> steps, std::vector<OperandRange> operands, std::vector<double> numbers)
    : steps_(std::move(steps)),
      operands_(std::move(operands)),
      numbers_(std::move(numbers)),
      caches_(steps_.size()) {
  for (const OperandRange& operand : operands_) addresses_.push_back((float*)operand.address);
  check();
}

Program::~Program() {
  for (Cache& cache : caches_) free_aligned(cache.data);
}

void Program::check() {
  const uint64_t now = release_count();
  if (now == checked_at_) return;
  for (const Step& step : steps_)
    check_operands(step.kernel, operands_.data() + step.first_operand, step.operand_count);
  checked_at_ = now;
}

Call Program::call(int index) {
  const Step& step = steps_[index];
  return {addresses_.data() + step.first_operand, numbers_.data() + step.first_number, step.operand_count,
          step.number_count, step.frozen ? &caches_[index] : nullptr};
}

void Program::run() {
  const FlushDenormals flush;
  for (int i = 0; i < (int)steps_.size(); i++) kernels().kernels[steps_[i].kernel](call(i));
}

void Program::forget(uintptr_t address) {
  for (int i = 0; i < (int)steps_.size(); i++) {
    if (!caches_[i].ready) continue;
    const OperandRange* operands = operands_.data() + steps_[i].first_operand;
    caches_[i].ready = std::none_of(operands, operands + steps_[i].operand_count,
                                    [&](const OperandRange& operand) { return operand.address == address; });
  }
}

std::vector<double> Program::profile(int rounds) {
  const FlushDenormals flush;
  std::vector<double> best(steps_.size(), 1e30);
  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < (int)steps_.size(); i++) {
      const auto begin = std::chrono::steady_clock::now();
      kernels().kernels[steps_[i].kernel](call(i));
      best[i] =
          std::min(best[i], std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
  return best;
}

}  // namespace fovea
