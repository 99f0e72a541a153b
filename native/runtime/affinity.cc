#include "runtime/affinity.h"

#include <algorithm>

#include "runtime/cpu.h"

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace fovea {

void Affinity::add(std::thread& worker) {
  core_.push_back((int)handles_.size());
  handles_.push_back(worker.native_handle());
}

#if defined(__linux__)

namespace {

using Cores = std::vector<std::vector<int>>;

int current_core(const Cores& cores) {
  const int processor = sched_getcpu();
  for (size_t core = 0; core < cores.size(); core++)
    if (std::find(cores[core].begin(), cores[core].end(), processor) != cores[core].end()) return (int)core;
  return -1;
}

/** Lets a thread run on one core, or for -1 on all. */
void bind(pthread_t thread, const Cores& cores, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < cores.size(); i++)
    if (core < 0 || (int)i == core)
      for (int processor : cores[i]) CPU_SET(processor, &set);
  // A refusal (the process may no longer use that core) leaves the thread where it was, which is only slower.
  pthread_setaffinity_np(thread, sizeof set, &set);
}

}  // namespace

void Affinity::keep_apart(int threads) {
  const Cores& cores = core_processors();
  const bool pins = threads > 1 && threads == (int)cores.size() && threads == (int)handles_.size();
  if (pins != placed_) {
    placed_ = pins;
    for (size_t worker = 1; worker < handles_.size(); worker++)
      bind(handles_[worker], cores, pins ? core_[worker] : -1);
  }
  if (!placed_) return;
  const int mine = current_core(cores);
  if (mine < 0 || mine == core_[0]) return;
  const auto there = std::find(core_.begin() + 1, core_.end(), mine);
  std::swap(core_[0], *there);
  bind(handles_[(size_t)(there - core_.begin())], cores, *there);
}

void Affinity::bind_caller(bool bound) {
  if (placed_) bind(pthread_self(), core_processors(), bound ? core_[0] : -1);
}

#else

void Affinity::keep_apart(int) {}
void Affinity::bind_caller(bool) {}

#endif

}  // namespace fovea
