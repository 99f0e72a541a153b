// Notices that a rank has died, which MPI itself does not tell: it would wait for its message for ever. The ranks form a ring;
// each watches the one before it: by its process number where both run on one machine, and by a beat a second that it sends.
#pragma once

#include <chrono>

#include "world.h"

namespace fovea::mpi {

class Watch {
 public:
  /** Posts the first beat. */
  void begin(World& world);
  /** On the MPI thread, often. The rank that has died, or -1. */
  int look(World& world);
  /** Ranks may end from now on: beats go on, so that slower ones are not alarmed, and nobody is missed. */
  void stop_missing() { misses_ = false; }
  /** Takes back what was posted. */
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  void beat(World& world);

  bool misses_ = true;
  int before_ = 0, after_ = 0;
  char sent_ = 0, heard_ = 0;
  MPI_Request sending_ = MPI_REQUEST_NULL, hearing_ = MPI_REQUEST_NULL;
  Clock::time_point last_sent_, last_heard_, last_looked_;
};

}  // namespace fovea::mpi
