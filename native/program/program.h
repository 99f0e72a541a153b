// A list of calls made ready to be replayed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "program/call.h"
#include "program/step.h"

namespace fovea {

/** An operand as a program's description gives it. */
struct OperandRange {
  uintptr_t address;
  size_t bytes;
};

/** From an address and a number of elements. Fails if they are none. */
OperandRange operand_range(double address, double elements);

/** Fails, naming the kernel, if an operand is not inside a live block. */
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

  /** Fails if a line or an operand is not what it must be. */
  Program(std::vector<Line> lines, std::vector<OperandRange> operands, std::vector<double> numbers);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /** Fails if a block that the program uses was released. */
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

/**
 * steps, then for each step: kernel, operands, outputs, numbers, frozen (0 or 1), then its operands as pairs
 * address, elements, then its numbers. The caller deletes it. Fails if they describe no program.
 */
Program* parse_program(const double* at, const double* end);

/** These numbers changed: what the steps of any program kept of them is made anew. Call it during a turn. */
void forget_prepared(const OperandRange* written, size_t count);

}  // namespace fovea
