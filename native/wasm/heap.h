// The module's heap: everything that is allocated, from a list of some numbers to a network's arena.
#pragma once

#include <cstddef>

namespace fovea {

/** At least `bytes`, 64-byte aligned; null when the memory's maximum is reached. Any thread may call. */
void* heap_allocate(size_t bytes);
void heap_free(void* data);

}  // namespace fovea
