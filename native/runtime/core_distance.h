// How far the pool's threads are from each other. What one core wrote, another fetches in 30 to 60 ns where they share
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
 * Do the threads share a cache? Measured ten times a second at most. True with one thread; inside a task, and where
 * the threads did not meet, what was found before (at first, false).
 */
bool cores_share_l3();

/**
 * Shall a result of so many bytes be stored past the caches? Where cores are far from each other, one that writes a line which
 * both have read and hold takes 35 to 65 ns, past the caches 5 (Zen 4; to read it from memory then takes no longer than from
 * the other core). What is larger than a second-level cache was mostly read by one of them, or is held no longer.
 */
bool store_nontemporally(size_t bytes);

/** For tests of what either answer leads to: from now on cores_share_l3() is this, without measuring. */
void suppose_cores_share_l3(bool supposed);

}  // namespace fovea
