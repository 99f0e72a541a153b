#include "watch.h"

#include <signal.h>

#include <cerrno>

namespace fovea::mpi {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kBeat{1000};
/** A silent rank is given up after this. Its MPI thread does nothing but this, so ten beats are no accident. */
constexpr milliseconds kSilence{10'000};
constexpr milliseconds kLook{200};

}  // namespace

void Watch::begin(World& world) {
  if (world.size == 1) return;
  before_ = (world.rank + world.size - 1) % world.size;
  after_ = (world.rank + 1) % world.size;
  last_heard_ = last_looked_ = Clock::now();
  check(MPI_Irecv(&heard_, 1, MPI_BYTE, before_, 0, world.watch, &hearing_));
  beat(world);
}

void Watch::beat(World& world) {
  last_sent_ = Clock::now();
  check(MPI_Isend(&sent_, 1, MPI_BYTE, after_, 0, world.watch, &sending_));
}

int Watch::look(World& world) {
  if (world.size == 1) return -1;
  const auto now = Clock::now();
  if (now - last_sent_ >= kBeat && complete(sending_)) beat(world);
  if (complete(hearing_)) {
    last_heard_ = now;
    check(MPI_Irecv(&heard_, 1, MPI_BYTE, before_, 0, world.watch, &hearing_));
  }
  if (!misses_ || now - last_looked_ < kLook) return -1;
  // After a pause of this thread itself (a stopped process, a sleeping machine) the silence is its own.
  if (now - last_looked_ > kBeat) last_heard_ = now;
  last_looked_ = now;
  const Peer &me = world.peers[(size_t)world.rank], &peer = world.peers[(size_t)before_];
  if (peer.place == me.place && kill((pid_t)peer.pid, 0) != 0 && errno == ESRCH) return before_;
  return now - last_heard_ > kSilence ? before_ : -1;
}

void Watch::end() {
  for (MPI_Request* request : {&sending_, &hearing_})
    if (*request != MPI_REQUEST_NULL) {
      MPI_Cancel(request);
      MPI_Request_free(request);
    }
}

}  // namespace fovea::mpi
