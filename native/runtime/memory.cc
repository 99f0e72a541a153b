#include "runtime/memory.h"

#include <cstdlib>
#include <map>
#include <vector>

#include "runtime/fail.h"
#include "runtime/lock.h"

#if defined(__wasm__)
#include "wasm/heap.h"
#elif defined(__linux__)
#include <sys/mman.h>
#elif defined(_WIN32)
#include <malloc.h>
#endif

namespace fovea {
namespace {

#if defined(__wasm__)
void* system_allocate(size_t, size_t size) { return heap_allocate(size); }
void system_free(void* data) { heap_free(data); }
#elif defined(_WIN32)
void* system_allocate(size_t alignment, size_t size) { return _aligned_malloc(size, alignment); }
void system_free(void* data) { _aligned_free(data); }
#else
void* system_allocate(size_t alignment, size_t size) { return std::aligned_alloc(alignment, size); }
void system_free(void* data) { std::free(data); }
#endif

constexpr size_t kHugePage = 2 << 20;

/** What the pool keeps at most. A step's arena is one block, so what is pooled beyond this is rarely used
 * again. (WebAssembly has 4 GB for everything.) */
constexpr size_t kPoolCap = sizeof(void*) == 4 ? (size_t)1 << 28 : (size_t)1 << 30;

/** Sizes of blocks: four steps to every doubling, so that at most a fifth of a block is unused. */
size_t bucket(size_t bytes) {
  size_t size = 64;
  while (size < bytes) size *= 2;
  if (size <= 256) return size;
  const size_t step = size / 8;
  return (bytes + step - 1) / step * step;
}

struct Blocks {
  Lock lock;
  std::map<uintptr_t, size_t> live;                 // address to bytes of the bucket
  std::map<size_t, std::vector<uintptr_t>> pooled;  // bytes of the bucket to addresses
  size_t live_bytes = 0, pooled_bytes = 0;
  uint64_t releases = 0;
};

/** Never destroyed, like the threads that may use its blocks. */
Blocks& blocks() {
  static Blocks* const made = new Blocks;
  return *made;
}

void trim(Blocks& b, size_t keep_bytes) {
  // Big blocks first: they free the most, and are the ones the system gives back quickly.
  while (b.pooled_bytes > keep_bytes && !b.pooled.empty()) {
    auto last = std::prev(b.pooled.end());
    free_aligned((void*)last->second.back());
    b.pooled_bytes -= last->first;
    last->second.pop_back();
    if (last->second.empty()) b.pooled.erase(last);
  }
}

}  // namespace

void* allocate_aligned(size_t bytes) {
  const size_t alignment = bytes >= kHugePage / 2 ? kHugePage : 64;
  const size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* data = size >= bytes ? system_allocate(alignment, size ? size : alignment) : nullptr;
  if (!data) fail_out_of_memory();
#if defined(__linux__)
  if (alignment == kHugePage) madvise(data, size, MADV_HUGEPAGE);
#endif
  return data;
}

void free_aligned(void* data) { system_free(data); }

void populate([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  constexpr size_t kPage = 4096;
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which kernels before 5.14 refuse
  const uintptr_t begin = ((uintptr_t)data + kPage - 1) / kPage * kPage,
                  end = ((uintptr_t)data + bytes) / kPage * kPage;
  if (begin >= end) return;
  if (end - begin >= kHugePage) madvise((void*)begin, end - begin, MADV_HUGEPAGE);
  madvise((void*)begin, end - begin, kPopulateWrite);
#endif
}

float* allocate_block(size_t bytes) {
  Blocks& b = blocks();
  const Locked guard(b.lock);
  const size_t size = bucket(bytes);
  uintptr_t address;
  if (auto found = b.pooled.find(size); found != b.pooled.end()) {
    address = found->second.back();
    found->second.pop_back();
    if (found->second.empty()) b.pooled.erase(found);
    b.pooled_bytes -= size;
  } else {
    address = (uintptr_t)allocate_aligned(size);
  }
  b.live.emplace(address, size);
  b.live_bytes += size;
  return (float*)address;
}

bool release_block(uintptr_t address) {
  Blocks& b = blocks();
  const Locked guard(b.lock);
  const auto found = b.live.find(address);
  if (found == b.live.end()) return false;
  b.pooled[found->second].push_back(address);
  b.pooled_bytes += found->second;
  b.live_bytes -= found->second;
  b.live.erase(found);
  b.releases++;
  return true;
}

bool is_live(uintptr_t address, size_t bytes) {
  Blocks& b = blocks();
  const Locked guard(b.lock);
  auto after = b.live.upper_bound(address);
  if (after == b.live.begin()) return false;
  const auto [start, size] = *std::prev(after);
  return address - start <= size && bytes <= size - (address - start);
}

uint64_t release_count() {
  Blocks& b = blocks();
  const Locked guard(b.lock);
  return b.releases;
}

void trim_pool(size_t keep_bytes) {
  Blocks& b = blocks();
  const Locked guard(b.lock);
  trim(b, keep_bytes);
}

size_t pool_cap() { return kPoolCap; }

MemoryCounts memory_counts() {
  Blocks& b = blocks();
  const Locked guard(b.lock);
  return {b.live.size(), b.live_bytes, b.pooled_bytes};
}

}  // namespace fovea
