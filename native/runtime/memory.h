// Blocks of numbers: 64-byte aligned, kept for reuse after release, and looked up by address so that no call
// reaches outside one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea {

/** 64-byte aligned; throws std::bad_alloc. Big blocks have huge pages where the system grants them. */
void* allocate_aligned(size_t bytes);
void free_aligned(void* data);

/** Memory that grows with what it is used for, and keeps nothing of its contents then. */
struct Scratch {
  void* data = nullptr;
  size_t bytes = 0;

  void* at_least(size_t size) {
    if (size > bytes) {
      free_aligned(data);
      data = nullptr, bytes = 0;
      data = allocate_aligned(size + size / 4);
      bytes = size + size / 4;
    }
    return data;
  }
};

/** Has the system hand out at once memory that nothing has touched yet. Page by page, as it is touched, it costs a
 * trap for each, 11 us on some virtual machines. Contents stay as they are. */
void populate(void* data, size_t bytes);

struct MemoryCounts {
  size_t buffers, bytes, pooled_bytes;
};

/** A live block of at least `bytes` (0 is allowed; the address is never null), contents undefined; throws
 * std::bad_alloc. */
float* allocate_block(size_t bytes);

/** Takes a live block back into the pool; false if `address` is not the start of one. */
bool release_block(uintptr_t address);

/** Is [address, address + bytes) inside one live block? */
bool is_live(uintptr_t address, size_t bytes);

/** Rises whenever a block is released: what was checked by is_live before must be checked again. */
uint64_t release_count();

/** Gives pooled blocks back to the system until at most `keep_bytes` are kept. */
void trim_pool(size_t keep_bytes);

/** What the pool is trimmed to when nothing is pending. */
size_t pool_cap();

MemoryCounts memory_counts();

}  // namespace fovea
