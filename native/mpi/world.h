// The ranks that were started together: how many, which one this is, and where each runs. Known once MPI is initialised.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check.h"

namespace fovea::mpi {

struct Peer {
  char host[64];
  /** Equal for ranks that see each other's process numbers: a hash of host, boot and process namespace. */
  uint64_t place;
  int64_t pid;
};

struct World {
  int rank = 0, size = 1;
  std::vector<Peer> peers;
  /** One communicator a purpose, so that none takes another's messages. */
  MPI_Comm collectives = MPI_COMM_NULL, mail = MPI_COMM_NULL, watch = MPI_COMM_NULL;
};

/** The library's own words of itself. May be called before MPI is initialised. */
std::string library_version();

/** Initialises MPI on the calling thread, which must make all later calls. Waits for the other ranks. */
World open_world();

/** Ends MPI; every rank must call it. */
void close_world(World& world);

}  // namespace fovea::mpi
