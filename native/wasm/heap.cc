#include "wasm/heap.h"

#include <atomic>
#include <cstdint>

extern "C" unsigned char __heap_base;

namespace fovea {
namespace {

constexpr size_t kUnit = 64, kPage = 65536;

/** Before what is handed out; as large as a cache line, so that this begins one. */
struct alignas(kUnit) Chunk {
  size_t size;  // bytes, this header included
  Chunk* next;  // of the free ones, by address
  uintptr_t end() const { return (uintptr_t)this + size; }
};

/** First fit among chunks in the order of their addresses, neighbours joined: there are few, as what is large is kept in the pool
 * of memory.cc and what is small lives for a moment. */
class Heap {
 public:
  void* allocate(size_t bytes) {
    if (bytes > SIZE_MAX - 4 * kPage) return nullptr;
    const size_t size = (bytes + sizeof(Chunk) + kUnit - 1) / kUnit * kUnit;
    for (;;) {
      for (Chunk** at = &first_; *at; at = &(*at)->next)
        if ((*at)->size >= size) return take(at, size);
      if (!grow(size)) return nullptr;
    }
  }

  void free(Chunk* chunk) {
    Chunk *before = nullptr, *after = first_;
    while (after && after < chunk) before = after, after = after->next;
    chunk->next = after;
    (before ? before->next : first_) = chunk;
    join(chunk);
    if (before) join(before);
  }

 private:
  void* take(Chunk** at, size_t size) {
    Chunk* const chunk = *at;
    if (chunk->size > size) {
      auto* const rest = (Chunk*)((uintptr_t)chunk + size);
      rest->size = chunk->size - size;
      rest->next = chunk->next;
      *at = rest;
      chunk->size = size;
    } else {
      *at = chunk->next;
    }
    return chunk + 1;
  }

  /** Makes one of a free chunk and the free chunk that follows it without a gap. */
  void join(Chunk* chunk) {
    Chunk* const next = chunk->next;
    if (!next || chunk->end() != (uintptr_t)next) return;
    chunk->size += next->size;
    chunk->next = next->next;
  }

  /** Adds memory to the end: what the module was given at first, then new pages, so many that the last chunk has `size`. */
  bool grow(size_t size) {
    if (!end_) {
      end_ = ((uintptr_t)&__heap_base + kUnit - 1) / kUnit * kUnit;
      const size_t bytes = __builtin_wasm_memory_size(0) * kPage;
      if (bytes - end_ >= kUnit) return add(bytes), true;
    }
    Chunk* last = first_;
    while (last && last->next) last = last->next;
    const size_t there = last && last->end() == end_ ? last->size : 0;
    const size_t pages = (size - there + kPage - 1) / kPage;
    // What it returns is the size; memory_size may be older (see wait_until_seen).
    const size_t before = __builtin_wasm_memory_grow(0, pages);
    if (before == SIZE_MAX) return false;
    add((uint64_t)(before + pages) * kPage);
    return true;
  }

  void add(uint64_t end) {
    // The very last line stays unused: its end would be address 0.
    const uintptr_t usable = end > UINTPTR_MAX ? UINTPTR_MAX / kUnit * kUnit : (uintptr_t)end;
    auto* const chunk = (Chunk*)end_;
    chunk->size = usable - end_;
    end_ = usable;
    free(chunk);
  }

  Chunk* first_ = nullptr;
  uintptr_t end_ = 0;
};

Heap heap;
std::atomic<bool> taken{false};

/** Held for some dozen instructions, so that whoever waits spins. */
struct HeapLock {
  HeapLock() {
    while (taken.exchange(true, std::memory_order_acquire)) {
    }
  }
  ~HeapLock() { taken.store(false, std::memory_order_release); }
};

void* take(size_t bytes) {
  const HeapLock lock;
  return heap.allocate(bytes);
}

/** V8 keeps the memory's size in every instance, and brings an instance up to date, after another one has made the memory larger, when
 * its thread next begins a function or a round of a loop. Until then its memory.fill and memory.copy fail beyond the old size. */
void wait_until_seen(uintptr_t last) {
  while (__builtin_wasm_memory_size(0) <= last / kPage) std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

void* heap_allocate(size_t bytes) {
  void* const data = take(bytes);
  if (data) wait_until_seen((uintptr_t)data + bytes - (bytes > 0));
  return data;
}

void heap_free(void* data) {
  if (!data) return;
  const HeapLock lock;
  heap.free((Chunk*)data - 1);
}

}  // namespace fovea
