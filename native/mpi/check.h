// What MPI answers, as C++ errors in its own words.
#pragma once

// The C interface alone: MPI's C++ one was removed from the standard in 2012.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace fovea::mpi {

inline void check(int answer) {
  if (answer == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(answer, text, &length);
  throw std::runtime_error(std::string(text, (size_t)length));
}

/** True once the request is complete. Never waits. */
inline bool complete(MPI_Request& request) {
  int done = 0;
  check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
  return done != 0;
}

/** MPI counts in ints. */
inline int count_of(size_t n) {
  if (n > (size_t)std::numeric_limits<int>::max())
    throw std::runtime_error("a message of " + std::to_string(n) + " elements is more than MPI can count");
  return (int)n;
}

}  // namespace fovea::mpi
