#include "program/program.h"

#include <algorithm>
#include <chrono>

#include "program/dispatch.h"
#include "runtime/fail.h"
#include "runtime/flush_denormals.h"
#include "runtime/lock.h"
#include "runtime/memory.h"

namespace fovea {

void check_operands(int kernel, const OperandRange* operands, int count) {
  for (int i = 0; i < count; i++)
    if (!is_live(operands[i].address, operands[i].bytes))
      fail(Message()
           << "operand " << i << " of " << kernel_name(kernel)
           << " is not inside a live storage; was it released, or is its shape larger than its storage?");
}

void execute(int kernel, const Call& call) {
  const FlushDenormals flush;
  kernels().kernels[kernel](call);
}

namespace {

/** The programs with frozen operands. Never destroyed. */
struct Frozen {
  Lock lock;
  std::vector<Program*> programs;
};
Frozen& frozen() {
  static Frozen* const made = new Frozen;
  return *made;
}

}  // namespace

Program::Program(std::vector<Line> lines, std::vector<OperandRange> operands, std::vector<double> numbers)
    : lines_(std::move(lines)), operands_(std::move(operands)), numbers_(std::move(numbers)) {
  for (const OperandRange& operand : operands_) addresses_.push_back((float*)operand.address);
  for (const Line& line : lines_) {
    if (line.kernel < 0 || line.kernel >= kKernelCount) fail(Message() << "a step names no kernel");
    if (line.output_count < 0 || line.output_count > line.operand_count ||
        (line.frozen && line.operand_count < 2))
      fail(Message() << "a step of " << kernel_name(line.kernel) << " has a wrong number of operands");
    for (int i = line.operand_count - line.output_count; i < line.operand_count; i++)
      written_.push_back(operands_[line.first_operand + i]);
    has_frozen_ = has_frozen_ || line.frozen;
  }
  check();
  for (const Line& line : lines_) {
    const Call call{addresses_.data() + line.first_operand, numbers_.data() + line.first_number,
                    line.operand_count, line.number_count};
    steps_.push_back(kernels().prepare(line.kernel, call));
  }
  if (!has_frozen_) return;
  const Locked guard(frozen().lock);
  frozen().programs.push_back(this);
}

Program::~Program() {
  if (has_frozen_) {
    const Locked guard(frozen().lock);
    std::erase(frozen().programs, this);
  }
}

void Program::check() {
  const uint64_t now = release_count();
  if (now == checked_at_) return;
  for (const Line& line : lines_)
    check_operands(line.kernel, operands_.data() + line.first_operand, line.operand_count);
  checked_at_ = now;
}

void Program::run() {
  const FlushDenormals flush;
  for (const auto& step : steps_) step->run();
  forget_prepared(written_.data(), written_.size());
}

std::vector<double> Program::profile(int rounds) {
  const FlushDenormals flush;
  std::vector<double> best(steps_.size(), 1e30);
  for (int round = 0; round < rounds; round++)
    for (size_t i = 0; i < steps_.size(); i++) {
      const auto begin = std::chrono::steady_clock::now();
      steps_[i]->run();
      best[i] =
          std::min(best[i], std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
  forget_prepared(written_.data(), written_.size());
  return best;
}

void forget_prepared(const OperandRange* written, size_t count) {
  const Locked guard(frozen().lock);
  for (Program* program : frozen().programs)
    for (size_t i = 0; i < program->steps_.size(); i++) {
      const Program::Line& line = program->lines_[i];
      if (!line.frozen) continue;
      const OperandRange& weights = program->operands_[line.first_operand + 1];
      const bool changed = std::any_of(written, written + count, [&](const OperandRange& range) {
        return range.address < weights.address + weights.bytes &&
               weights.address < range.address + range.bytes;
      });
      if (changed) program->steps_[i]->forget();
    }
}

}  // namespace fovea
