#include "all_reduce.h"

#include <algorithm>

namespace fovea::mpi {

Traffic AllReduce::traffic;

void AllReduce::begin(World& world) {
  begun_ = std::chrono::steady_clock::now();
  const size_t ranks = (size_t)world.size;
  const int total = count_of(count_);
  // Whole cache lines of 16 numbers a piece; the last pieces of a short array are empty.
  const int piece = (int)((((size_t)total + ranks - 1) / ranks + 15) / 16 * 16);
  for (int r = 0, at = 0; r < world.size; r++) {
    places_.push_back(at);
    counts_.push_back(std::min(piece, total - at));
    at += counts_.back();
  }
  const int own = counts_[(size_t)world.rank];
  count_of((size_t)own * ranks);
  received_.resize((size_t)own * ranks);
  received_counts_.assign(ranks, own);
  for (int r = 0; r < world.size; r++) received_places_.push_back(r * own);
  check(MPI_Ialltoallv(values_, counts_.data(), places_.data(), MPI_FLOAT, received_.data(),
                       received_counts_.data(), received_places_.data(), MPI_FLOAT, world.collectives,
                       &request_));
}

bool AllReduce::poll(World& world) {
  if (!complete(request_)) return false;
  if (stage_ == kScatter) {
    add_up(world);
    stage_ = kGather;
    check(MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_FLOAT, values_, counts_.data(), places_.data(), MPI_FLOAT,
                          world.collectives, &request_));
    return false;
  }
  traffic.calls++;
  traffic.bytes_sent += 2.0 * sizeof(float) * (double)(count_ - (size_t)counts_[(size_t)world.rank]);
  traffic.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  return true;
}

void AllReduce::add_up(const World& world) {
  const size_t own = (size_t)counts_[(size_t)world.rank];
  float* const out = values_ + places_[(size_t)world.rank];
  constexpr size_t kBlock = 1024;  // sums of a block stay in the first-level cache
  double sums[kBlock];
  for (size_t from = 0; from < own; from += kBlock) {
    const size_t length = std::min(kBlock, own - from);
    std::fill_n(sums, length, 0.0);
    for (size_t r = 0; r < (size_t)world.size; r++) {
      const float* const part = received_.data() + r * own + from;
      for (size_t i = 0; i < length; i++) sums[i] += part[i];
    }
    for (size_t i = 0; i < length; i++) out[from + i] = (float)sums[i];
  }
}

}  // namespace fovea::mpi
