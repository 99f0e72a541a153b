#include "collectives.h"

#include <cstring>

namespace fovea::mpi {

void Broadcast::begin(World& world) {
  check(
      MPI_Ibcast(array_.bytes, count_of(array_.byte_length), MPI_BYTE, root_, world.collectives, &request_));
}

bool Broadcast::poll(World&) { return complete(request_); }

void Gather::begin(World& world) {
  length_ = count_of(array_.byte_length);
  lengths_.resize((size_t)world.size);
  check(MPI_Iallgather(&length_, 1, MPI_INT, lengths_.data(), 1, MPI_INT, world.collectives, &request_));
}

bool Gather::poll(World& world) {
  if (!complete(request_)) return false;
  if (stage_ == kBytes) return true;
  stage_ = kBytes;
  size_t total = 0;
  for (const int length : lengths_) {
    places_.push_back(count_of(total));
    total += (size_t)length;
  }
  count_of(total);
  all_.resize(total);
  check(MPI_Iallgatherv(array_.bytes, length_, MPI_BYTE, all_.data(), lengths_.data(), places_.data(),
                        MPI_BYTE, world.collectives, &request_));
  return false;
}

Napi::Value Gather::result(Napi::Env env) {
  auto list = Napi::Array::New(env, lengths_.size());
  for (size_t r = 0; r < lengths_.size(); r++) {
    auto bytes = Napi::Uint8Array::New(env, (size_t)lengths_[r]);
    if (lengths_[r] > 0) std::memcpy(bytes.Data(), all_.data() + places_[r], (size_t)lengths_[r]);
    list.Set((uint32_t)r, bytes);
  }
  return list;
}

}  // namespace fovea::mpi
