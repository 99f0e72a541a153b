#include "runtime/cpu.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

#if defined(__linux__)
#include <sched.h>
#include <unistd.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace fovea {
namespace {

#if defined(__linux__)

size_t cache_size(int name, size_t otherwise) {
  const long bytes = sysconf(name);
  return bytes > 0 ? (size_t)bytes : otherwise;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  return "unknown processor";
}

int read_int(const std::string& path, int otherwise) {
  int value = otherwise;
  std::ifstream(path) >> value;
  return value;
}

/** Bytes of L3 that the first processor shares; sysconf gives those of the whole package. */
size_t third_level_size(size_t otherwise) {
  const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index3/";
  const int kibibytes = read_int(folder + "level", 0) == 3 ? read_int(folder + "size", 0) : 0;
  return kibibytes > 0 ? (size_t)kibibytes << 10 : otherwise;
}

/** Cores a control group's quota allows, rounded up; 0 without one. */
int quota_cores() {
  std::string quota;
  double period = 0;
  if (std::ifstream("/sys/fs/cgroup/cpu.max") >> quota >> period && quota != "max" && period > 0)
    return (int)((std::stod(quota) + period - 1) / period);
  const double allowed = read_int("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", -1);
  const double each = read_int("/sys/fs/cgroup/cpu/cpu.cfs_period_us", 0);
  return allowed > 0 && each > 0 ? (int)((allowed + each - 1) / each) : 0;
}

std::vector<std::vector<int>> read_core_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return {};
  std::map<std::pair<int, int>, std::vector<int>> cores;
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (!CPU_ISSET(i, &set)) continue;
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(i) + "/topology/";
    cores[{read_int(folder + "physical_package_id", 0), read_int(folder + "core_id", i)}].push_back(i);
  }
  std::vector<std::vector<int>> lists;
  for (const auto& core : cores) lists.push_back(core.second);
  return lists;
}

/** Physical cores, or as many as a control group's quota allows. */
int usable_cores() {
  const int cores = (int)core_processors().size(), quota = quota_cores();
  if (cores == 0) return (int)std::thread::hardware_concurrency();
  return quota > 0 ? std::min(quota, cores) : cores;
}

Cpu read_cpu() {
  Cpu c{};
  c.name = cpu_name();
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  c.l1 = cache_size(_SC_LEVEL1_DCACHE_SIZE, 32 << 10);
  c.l2 = cache_size(_SC_LEVEL2_CACHE_SIZE, 512 << 10);
  c.l3 = third_level_size(cache_size(_SC_LEVEL3_CACHE_SIZE, 8 << 20));
#else
  c.l1 = 32 << 10, c.l2 = 512 << 10, c.l3 = 8 << 20;
#endif
  c.cores = usable_cores();
  return c;
}

#elif defined(__APPLE__)

size_t system_size(const char* name, size_t otherwise) {
  int64_t value = 0;
  size_t length = sizeof value;
  return sysctlbyname(name, &value, &length, nullptr, 0) == 0 && value > 0 ? (size_t)value : otherwise;
}

Cpu read_cpu() {
  Cpu c{};
  char name[256] = "unknown processor";
  size_t length = sizeof name;
  sysctlbyname("machdep.cpu.brand_string", name, &length, nullptr, 0);
  c.name = name;
  c.l1 = system_size("hw.perflevel0.l1dcachesize", system_size("hw.l1dcachesize", 32 << 10));
  c.l2 = system_size("hw.perflevel0.l2cachesize", system_size("hw.l2cachesize", 512 << 10));
  c.l3 = system_size("hw.l3cachesize", c.l2);
  c.cores = (int)system_size("hw.perflevel0.physicalcpu", system_size("hw.physicalcpu", 1));
  return c;
}

#else

Cpu read_cpu() {
  Cpu c{};
  c.name = "unknown processor";
  c.l1 = 32 << 10, c.l2 = 512 << 10, c.l3 = 8 << 20;
  c.cores = (int)std::thread::hardware_concurrency();
  return c;
}

#endif

#if !defined(__linux__)
std::vector<std::vector<int>> read_core_processors() { return {}; }
#endif

Cpu read_all() {
  Cpu c = read_cpu();
  c.cores = std::max(c.cores, 1);
#if defined(__x86_64__)
  __builtin_cpu_init();
  c.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  c.avx512 = c.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
  c.avx512_double_pumped = c.avx512 && __builtin_cpu_is("amdfam19h");
#endif
  return c;
}

Cpu& machine() {
  static Cpu read = read_all();
  return read;
}

}  // namespace

const Cpu& cpu() { return machine(); }

void suppose_l3(size_t bytes) { machine().l3 = bytes; }

void suppose_avx512_double_pumped(bool supposed) { machine().avx512_double_pumped = supposed; }

const std::vector<std::vector<int>>& core_processors() {
  static const std::vector<std::vector<int>> read = read_core_processors();
  return read;
}

}  // namespace fovea
