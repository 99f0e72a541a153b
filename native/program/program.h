// A list of calls made ready to be replayed, and the order in which everything that touches the blocks takes
// effect.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "program/call.h"
#include "program/step.h"

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

/** An operand as a program's description gives it. */
struct OperandRange {
  uintptr_t address;
  size_t bytes;
};

/** Throws std::invalid_argument naming the kernel if an operand is not inside a live block. */
void check_operands(int kernel, const OperandRange* operands, int count);

/** Runs one kernel on the calling thread and the pool, with denormals flushed. */
void execute(int kernel, const Call& call);

class Program {
 public:
  /** A call as a program's description gives it. */
  struct Line {
    int kernel;
    size_t first_operand;
    int operand_count, output_count;
    size_t first_number;
    int number_count;
    bool frozen;  // operand 1 does not change between replays
  };

  /** Throws std::invalid_argument if a line or an operand is not what it must be. */
  Program(std::vector<Line> lines, std::vector<OperandRange> operands, std::vector<double> numbers);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /** Throws if a block that the program uses was released. */
  void check();
  void run();
  /** Runs every step `rounds` times and returns the seconds of each step's fastest round. */
  std::vector<double> profile(int rounds);

 private:
  friend void forget_prepared(const OperandRange* written, size_t count);

  std::vector<Line> lines_;
  std::vector<OperandRange> operands_;
  std::vector<float*> addresses_;
  std::vector<double> numbers_;
  std::vector<std::unique_ptr<Step>> steps_;  // of the lines, one each
  std::vector<OperandRange> written_;
  bool has_frozen_ = false;
  uint64_t checked_at_ = UINT64_MAX;
};

/** These numbers changed: what the steps of any program kept of them is made anew. Call it during a turn. */
void forget_prepared(const OperandRange* written, size_t count);

}  // namespace fovea
