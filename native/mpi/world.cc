#include "world.h"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>

namespace fovea::mpi {
namespace {

std::string first_line(const char* file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

Peer here() {
  Peer peer{};
  gethostname(peer.host, sizeof peer.host - 1);
  char space[64] = {};
  [[maybe_unused]] const auto length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
  const std::string place =
      std::string(peer.host) + "|" + first_line("/proc/sys/kernel/random/boot_id") + "|" + space;
  peer.place = std::hash<std::string>()(place);
  peer.pid = getpid();
  return peer;
}

}  // namespace

std::string library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  check(MPI_Get_library_version(text, &length));
  return std::string(text, (size_t)length);
}

World open_world() {
  World world;
  int provided = 0;
  check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  if (provided < MPI_THREAD_FUNNELED)
    throw std::runtime_error("the MPI library cannot be used by a program with threads");
  check(MPI_Comm_rank(MPI_COMM_WORLD, &world.rank));
  check(MPI_Comm_size(MPI_COMM_WORLD, &world.size));
  for (MPI_Comm* comm : {&world.collectives, &world.mail, &world.watch}) {
    check(MPI_Comm_dup(MPI_COMM_WORLD, comm));
    check(MPI_Comm_set_errhandler(*comm, MPI_ERRORS_RETURN));
  }
  const Peer me = here();
  world.peers.resize((size_t)world.size);
  check(MPI_Allgather(&me, sizeof me, MPI_BYTE, world.peers.data(), sizeof me, MPI_BYTE, MPI_COMM_WORLD));
  return world;
}

void close_world(World& world) {
  for (MPI_Comm* comm : {&world.collectives, &world.mail, &world.watch}) MPI_Comm_free(comm);
  MPI_Finalize();
}

}  // namespace fovea::mpi
