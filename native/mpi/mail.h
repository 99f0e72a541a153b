// Messages from one rank to another, of any length: how files are dealt out (collectives would make ranks wait for each other).
#pragma once

#include <cstring>
#include <vector>

#include "task.h"

namespace fovea::mpi {

class Send : public Task {
 public:
  Send(Napi::Env env, int to, const Napi::Uint8Array& bytes) : Task(env), array_(bytes), to_(to) {}
  bool is_collective() const override { return false; }
  void begin(World& world) override {
    check(MPI_Isend(array_.bytes, count_of(array_.byte_length), MPI_BYTE, to_, 0, world.mail, &request_));
  }
  bool poll(World&) override { return complete(request_); }

 private:
  Pinned array_;
  const int to_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/** The next message from any rank: {from, bytes}. */
class Receive : public Task {
 public:
  using Task::Task;
  bool is_collective() const override { return false; }
  void begin(World&) override {}
  bool poll(World& world) override {
    if (matched_) return complete(request_);
    int found = 0, length = 0;
    MPI_Message message;
    MPI_Status status;
    check(MPI_Improbe(MPI_ANY_SOURCE, 0, world.mail, &found, &message, &status));
    if (!found) return false;
    matched_ = true;
    from_ = status.MPI_SOURCE;
    check(MPI_Get_count(&status, MPI_BYTE, &length));
    bytes_.resize((size_t)length);
    check(MPI_Imrecv(bytes_.data(), length, MPI_BYTE, &message, &request_));
    return complete(request_);
  }
  Napi::Value result(Napi::Env env) override {
    auto out = Napi::Object::New(env);
    auto bytes = Napi::Uint8Array::New(env, bytes_.size());
    if (!bytes_.empty()) std::memcpy(bytes.Data(), bytes_.data(), bytes_.size());
    out.Set("from", Napi::Number::New(env, from_));
    out.Set("bytes", bytes);
    return out;
  }

 private:
  bool matched_ = false;
  int from_ = 0;
  std::vector<uint8_t> bytes_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

}  // namespace fovea::mpi
