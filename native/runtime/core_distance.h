// Whether the cores of the pool's threads share an L3. What one core wrote, another fetches in 30 to 60 ns where they share
// a cache and in 145 to 240 ns where they do not. What a virtual machine says of its caches need not be so, nor stay
// so: its host moves cores about. So it is measured.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea {

/**
 * Nanoseconds that a line takes from the pool's thread 0 to thread 1 or back; takes some microseconds. -1 where the
 * two did not meet, as inside a task or with one thread.
 */
int64_t line_transfer_time();

/**
 * Do the threads' cores share an L3? Measured at most ten times a second. True with one thread; inside a task, and where
 * two threads did not run at the same time, the last answer (at first, false).
 */
bool cores_share_l3();

/**
 * Write this result with non-temporal stores? Yes if the cores do not share an L3 and it fits L2: writing a line of which both
 * cores hold a copy costs 35 to 65 ns (invalidation; Zen 4, 2026-11-27), a non-temporal store 5, and reading the line from
 * memory then takes no longer than from the other core. Larger results were mostly read by one core, or left the caches.
 */
bool store_nontemporally(size_t bytes);

/** For tests of what either answer leads to: from now on cores_share_l3() is this, without measuring. */
void suppose_cores_share_l3(bool supposed);

}  // namespace fovea
