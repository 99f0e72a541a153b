// A program from the flat list of numbers that TypeScript describes it with.
#include <cstdint>
#include <utility>
#include <vector>

#include "program/program.h"
#include "runtime/fail.h"

namespace fovea {

OperandRange operand_range(double address, double elements) {
  constexpr double kMost = (double)(SIZE_MAX / sizeof(float));
  if (!(address > 0 && address < (double)UINTPTR_MAX && elements >= 0 && elements < kMost))
    fail(Message() << "an operand is not an address and a number of elements");
  return {(uintptr_t)address, (size_t)elements * sizeof(float)};
}

Program* parse_program(const double* at, const double* end) {
  const auto next = [&]() -> double {
    if (at == end) fail(Message() << "a program's description is cut short");
    return *at++;
  };
  std::vector<Program::Line> lines;
  std::vector<OperandRange> operands;
  std::vector<double> numbers;
  for (double left = next(); left > 0; left--) {
    Program::Line line{};
    line.kernel = (int)next();
    line.operand_count = (int)next();
    line.output_count = (int)next();
    line.number_count = (int)next();
    line.frozen = next() != 0;
    line.first_operand = operands.size();
    for (int i = 0; i < line.operand_count; i++) {
      const double address = next();
      operands.push_back(operand_range(address, next()));
    }
    line.first_number = numbers.size();
    for (int i = 0; i < line.number_count; i++) numbers.push_back(next());
    lines.push_back(line);
  }
  return new Program(std::move(lines), std::move(operands), std::move(numbers));
}

}  // namespace fovea
