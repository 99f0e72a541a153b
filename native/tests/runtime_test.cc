// The thread pool, the block pool, the order of users, and programs.
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "program/order.h"
#include "program/program.h"
#include "runtime/core_distance.h"
#include "runtime/cpu.h"
#include "runtime/fail.h"
#include "runtime/flush_denormals.h"
#include "tests/testing.h"

namespace fovea::testing {
namespace {

TEST(parallel_for_runs_every_task_once) {
  for (int count : {1, 2, 3, 8}) {
    set_threads(count);
    for (int tasks : {0, 1, 2, 7, 1000})
      for (int repeat = 0; repeat < 50; repeat++) {
        std::vector<std::atomic<int>> seen(tasks);
        std::atomic<bool> bad_thread{false};
        parallel_for(tasks, [&](int i, int thread) {
          seen[i]++;
          if (thread < 0 || thread >= count) bad_thread = true;
        });
        for (auto& s : seen)
          if (s != 1) return fail("a task did not run exactly once");
        if (bad_thread) return fail("a thread number is out of range");
      }
  }
}

TEST(workers_that_come_late_take_no_part_in_a_job_for_fewer_threads) {
  std::atomic<int> highest{0};
  for (int round = 0; round < 5000 && highest < 2; round++) {
    set_threads(6);
    parallel_for(6, [](int, int) {});
    set_threads(2);
    parallel_for(4, [&](int, int thread) {
      if (thread > highest) highest = thread;
      for (std::atomic<int> i{0}; i < 1000;) i++;
    });
  }
  if (highest > 1) fail("a thread number is out of range: " + std::to_string(highest));
}

TEST(parallel_for_nests_serially_and_passes_errors_on) {
  set_threads(3);
  std::atomic<int> inner{0};
  parallel_for(4, [&](int, int) { parallel_for(5, [&](int, int) { inner++; }); });
  if (inner != 20) fail("nested tasks were lost");
  bool caught = false;
  try {
    parallel_for(10, [&](int i, int) {
      if (i == 3) throw std::runtime_error("three");
    });
  } catch (const std::runtime_error&) {
    caught = true;
  }
  if (!caught) fail("a task's exception did not reach the caller");
  int after = 0;
  parallel_for(1, [&](int, int) { after++; });
  if (after != 1) fail("the pool does not work after an exception");
}

TEST(any_thread_may_call_the_pool) {
  set_threads(cpu().cores);
  for (int caller = 0; caller < 8; caller++) {
    int wrong = 0;
    std::thread([&] {
      const StaysOnCore stays;
      for (int job = 0; job < 100; job++) {
        std::atomic<int> sum{0};
        parallel_for(50, [&](int i, int) { sum += i; });
        wrong += sum != 49 * 50 / 2;
      }
    }).join();
    if (wrong) return fail("tasks were lost");
  }
}

TEST(lines_pass_between_threads_that_meet) {
  for (int count : {1, 2, 3}) {
    set_threads(count);
    for (int i = 0; i < 50; i++) {
      const int64_t time = line_transfer_time();
      if (time < -1 || time > 1'000'000'000 || (count == 1 && time != -1))
        fail("no time: " + std::to_string(time));
    }
  }
  parallel_for(2, [&](int, int) {
    if (line_transfer_time() != -1) fail("a thread inside a task met another");
  });
}

TEST(callers_scratch_memory_outlives_the_calling_thread) {
  void *first = nullptr, *second = nullptr;
  std::thread([&] { first = thread_scratch(1000); }).join();
  std::thread([&] { second = thread_scratch(1000); }).join();
  if (first != second) fail("another caller got other scratch memory");
}

TEST(pool_threads_flush_denormals) {
  set_threads(2);
  const FlushDenormals here;
  std::atomic<int> kept{0};
  volatile float tiny = std::numeric_limits<float>::denorm_min();
  parallel_for(64, [&](int, int) {
    if (tiny * 1.0f != 0.0f) kept++;
  });
  if (kept) fail("a denormal survived a multiplication");
}

TEST(blocks_are_reused_and_checked) {
  const MemoryCounts before = memory_counts();
  float* a = allocate_block(1000 * 4);
  const auto address = (uintptr_t)a;
  if (address % 64) fail("a block is not aligned");
  if (!is_live(address, 4000) || !is_live(address + 400, 3600)) fail("a live block is not found");
  if (is_live(address, 1 << 20)) fail("a range beyond the block passes");
  if (memory_counts().buffers != before.buffers + 1) fail("a live block is not counted");
  if (!release_block(address) || release_block(address)) fail("release must succeed once");
  if (is_live(address, 4)) fail("a released block is still live");
  float* b = allocate_block(999 * 4);
  if (b != a) fail("a released block is not reused");
  release_block((uintptr_t)b);
  trim_pool(0);
  if (memory_counts().pooled_bytes != 0) fail("trimming leaves blocks in the pool");
}

TEST(order_serves_tickets_in_turn) {
  std::vector<int> served;
  std::vector<std::thread> users;
  std::vector<uint64_t> tickets;
  for (int i = 0; i < 6; i++) tickets.push_back(order().take());
  for (int i = 5; i >= 0; i--)
    users.emplace_back([&, i] {
      const Turn turn(tickets[i]);
      served.push_back(i);
    });
  for (auto& user : users) user.join();
  if (served != std::vector<int>{0, 1, 2, 3, 4, 5}) fail("a later ticket was served first");
  if (!order().idle()) fail("the order is not idle at the end");
}

TEST(program_rejects_released_blocks) {
  float* a = allocate_block(64);
  Program program({{kernel_index("fill"), 0, 1, 1, 0, 0, false}}, {{(uintptr_t)a, 64}}, {});
  release_block((uintptr_t)a);
  try {
    program.check();
    fail("a program with a released block passes");
  } catch (const Failure&) {
  }
}

}  // namespace
}  // namespace fovea::testing
