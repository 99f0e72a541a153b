// The sum of an array over all ranks, in place, in an order that depends on nothing but the number of ranks. MPI_Allreduce leaves
// the order to the library, which may change it with the arrival of messages and the placement of ranks; so the sum is made here:
//
//   1. reduce-scatter: rank r receives piece r of every rank's array (MPI_Ialltoallv)
//   2. it adds them in the order of the ranks, in double precision, and rounds once
//   3. all-gather: every rank receives every piece (MPI_Iallgatherv), so that all hold the same bits
//
// A rank sends 2 (N - 1)/N of the array, as a ring does, in 2 (N - 1) messages.
#pragma once

#include <chrono>
#include <vector>

#include "task.h"

namespace fovea::mpi {

/** Sums so far: for measurements. */
struct Traffic {
  double calls = 0, bytes_sent = 0, seconds = 0;
};

class AllReduce : public Task {
 public:
  AllReduce(Napi::Env env, const Napi::Float32Array& values)
      : Task(env),
        array_(values),
        values_((float*)array_.bytes),
        count_(array_.byte_length / sizeof(float)) {}
  void begin(World& world) override;
  bool poll(World& world) override;

  /** Of this process; changed on the MPI thread and read on it. */
  static Traffic traffic;

 private:
  void add_up(const World& world);

  Pinned array_;
  float* const values_;
  const size_t count_;
  enum { kScatter, kGather } stage_ = kScatter;
  MPI_Request request_ = MPI_REQUEST_NULL;
  std::vector<int> counts_, places_;  // of each rank's piece of the array
  std::vector<int> received_counts_, received_places_;
  std::vector<float> received_;  // this rank's piece of every rank's array
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace fovea::mpi
