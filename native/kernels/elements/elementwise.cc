// elementwise: a chain of element-by-element steps, interpreted a block of elements at a time, so that what
// lies between the steps stays in L1. The steps are the loops of blocks.h, hence the bits
// those of the single kernels.
#include <vector>

#include "kernels/elements/loops.h"
#include "kernels/simd/lanes.h"
#include "program/numbers.h"
#include "runtime/core_distance.h"

namespace fovea::FOVEA_ISA {
namespace {

constexpr int64_t kBlock = 1024;

enum class Op { unary, unary_grad, binary, select };

struct ChainStep {
  Op op;
  int function;
  float alpha;
  int a, b, c;
};

/** Where a register's elements for the block at `start` are found. */
struct Register {
  enum { memory, last_axis, repeated, temporary } where;
  float* data;        // memory, last_axis and repeated
  int slot = 0;       // temporary: its place in the thread's scratch memory
  int last_use = -1;  // temporary: the step after which the slot is free
};

class Chain {
 public:
  explicit Chain(const Call& call);
  void run() const;

 private:
  void place_results(const Call& call, Numbers& numbers);
  void place_temporaries();
  void place_inputs(const Call& call, const std::vector<int64_t>& lengths);
  float* at(const Register& reg, int64_t start, float* scratch) const;
  void run_block(int64_t start, int64_t n, float* scratch) const;

  int64_t size_, last_axis_, block_ = kBlock;
  int inputs_, outputs_, slots_ = 0;
  std::vector<ChainStep> steps_;
  std::vector<Register> registers_;
  struct Extra {
    int from;
    float* to;
  };
  std::vector<Extra>
      extras_;        // results that are inputs, named twice or stored non-temporally: copied at the end
  bool nontemporal_;  // results have non-temporal stores
};

Chain::Chain(const Call& call) {
  Numbers numbers(call);
  size_ = numbers.whole();
  last_axis_ = numbers.whole();
  nontemporal_ = kHasNontemporalStore && store_nontemporally(sizeof(float) * (size_t)size_);
  inputs_ = numbers.small();
  outputs_ = numbers.small();
  steps_.resize(size_t(numbers.small()));
  registers_.resize(size_t(inputs_) + steps_.size());
  std::vector<int64_t> lengths;
  for (int i = 0; i < inputs_; i++) lengths.push_back(numbers.whole());
  for (ChainStep& step : steps_) {
    step.op = Op(numbers.small());
    step.function = numbers.small();
    step.alpha = float(numbers.real());
    step.a = numbers.small();
    step.b = numbers.small();
    step.c = numbers.small();
  }
  if (size_ == 0) return;
  place_inputs(call, lengths);
  place_results(call, numbers);
  place_temporaries();
}

/**
 * Full operands are read where they are. One of the last axis's length is repeated to fill a block, which
 * then is a whole number of rows; where the axis is too long for that, blocks end with it and the operand,
 * too, is read where it is.
 */
void Chain::place_inputs(const Call& call, const std::vector<int64_t>& lengths) {
  if (last_axis_ <= kBlock / 2) block_ = kBlock / last_axis_ * last_axis_;
  float* tiles = (float*)shared_scratch(0, size_t(inputs_ * block_) * sizeof(float));
  for (int i = 0; i < inputs_; i++) {
    Register& reg = registers_[size_t(i)];
    reg.data = call.operands[i];
    const int64_t length = lengths[size_t(i)];
    reg.where = length == size_                           ? Register::memory
                : length == 1 || block_ % last_axis_ == 0 ? Register::repeated
                                                          : Register::last_axis;
    if (reg.where != Register::repeated) continue;
    float* tile = tiles + i * block_;
    for (int64_t k = 0; k < block_; k++) tile[k] = reg.data[length == 1 ? 0 : k % length];
    reg.data = tile;
  }
}

/** A step whose result is an output writes it there, and later steps read it there, unless it is stored non-temporally. */
void Chain::place_results(const Call& call, Numbers& numbers) {
  for (size_t i = size_t(inputs_); i < registers_.size(); i++) registers_[i].where = Register::temporary;
  for (int i = 0; i < outputs_; i++) {
    const int from = numbers.small();
    float* to = call.operands[inputs_ + i];
    Register& reg = registers_[size_t(from)];
    if (reg.where == Register::temporary && !nontemporal_) {
      reg.where = Register::memory;
      reg.data = to;
    } else {
      extras_.push_back({from, to});
    }
  }
}

/** Gives every other result a slot that is free between its step and its last use. */
void Chain::place_temporaries() {
  for (size_t i = 0; i < steps_.size(); i++)
    for (int operand : {steps_[i].a, steps_[i].b, steps_[i].c}) registers_[size_t(operand)].last_use = int(i);
  for (const Extra& extra : extras_) registers_[size_t(extra.from)].last_use = int(steps_.size());
  std::vector<int> free_at;  // for each slot, the step from which on it is free
  for (size_t i = 0; i < steps_.size(); i++) {
    Register& reg = registers_[size_t(inputs_) + i];
    if (reg.where != Register::temporary) continue;
    size_t slot = 0;
    while (slot < free_at.size() && free_at[slot] > int(i)) slot++;
    if (slot == free_at.size()) free_at.push_back(0);
    free_at[slot] = reg.last_use + 1;
    reg.slot = int(slot);
  }
  slots_ = int(free_at.size());
}

float* Chain::at(const Register& reg, int64_t start, float* scratch) const {
  switch (reg.where) {
    case Register::memory:
      return reg.data + start;
    case Register::last_axis:
      return reg.data + start % last_axis_;
    case Register::repeated:
      return reg.data;
    default:
      return scratch + reg.slot * kBlock;
  }
}

void Chain::run_block(int64_t start, int64_t n, float* scratch) const {
  const auto operand = [&](int index) { return at(registers_[size_t(index)], start, scratch); };
  for (size_t i = 0; i < steps_.size(); i++) {
    const ChainStep& step = steps_[i];
    float* y = operand(inputs_ + int(i));
    switch (step.op) {
      case Op::unary:
        unary_run(step.function)(operand(step.a), y, n, step.alpha);
        break;
      case Op::unary_grad:
        gradient_run(step.function)(operand(step.a), operand(step.b), y, n, step.alpha);
        break;
      case Op::binary:
        binary_run(step.function, Operand::array, Operand::array)(operand(step.a), operand(step.b), y, n);
        break;
      case Op::select:
        select_run(operand(step.a), operand(step.b), operand(step.c), y, n);
        break;
    }
  }
  for (const Extra& extra : extras_) {
    const float* const from = operand(extra.from);
    if (nontemporal_)
      copy_nontemporal(from, n, extra.to + start);
    else
      std::memcpy(extra.to + start, from, size_t(n) * sizeof(float));
  }
}

void Chain::run() const {
  const bool whole_rows = block_ % last_axis_ == 0;
  parallel_ranges(size_, block_ * (kChunk / kBlock), [&](int64_t start, int64_t end) {
    float* scratch = (float*)thread_scratch(size_t(slots_ * kBlock) * sizeof(float));
    while (start < end) {
      const int64_t room = whole_rows ? block_ : last_axis_ - start % last_axis_;
      int64_t n = room < block_ ? room : block_;
      if (n > end - start) n = end - start;
      run_block(start, n, scratch);
      start += n;
    }
  });
}

}  // namespace

void elementwise(const Call& call) {
  if (Numbers(call).whole() == 0) return;
  Chain(call).run();
}

}  // namespace fovea::FOVEA_ISA
