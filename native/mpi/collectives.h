// Broadcast, gather and barrier: what ranks do together beside the sum (all_reduce.h).
#pragma once

#include <vector>

#include "task.h"

namespace fovea::mpi {

/** Rank `root`'s bytes, in place, on every rank; all give arrays of one length. */
class Broadcast : public Task {
 public:
  Broadcast(Napi::Env env, const Napi::Uint8Array& bytes, int root) : Task(env), array_(bytes), root_(root) {}
  void begin(World& world) override;
  bool poll(World& world) override;

 private:
  Pinned array_;
  const int root_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/** Every rank's bytes, of whatever lengths, on every rank. */
class Gather : public Task {
 public:
  Gather(Napi::Env env, const Napi::Uint8Array& bytes) : Task(env), array_(bytes) {}
  void begin(World& world) override;
  bool poll(World& world) override;
  Napi::Value result(Napi::Env env) override;

 private:
  Pinned array_;
  enum { kLengths, kBytes } stage_ = kLengths;
  MPI_Request request_ = MPI_REQUEST_NULL;
  int length_ = 0;
  std::vector<int> lengths_, places_;
  std::vector<uint8_t> all_;
};

class Barrier : public Task {
 public:
  using Task::Task;
  void begin(World& world) override { check(MPI_Ibarrier(world.collectives, &request_)); }
  bool poll(World&) override { return complete(request_); }

 private:
  MPI_Request request_ = MPI_REQUEST_NULL;
};

}  // namespace fovea::mpi
