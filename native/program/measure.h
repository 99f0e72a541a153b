// How fast the machine is, measured: what benchmarks quote their share of.
#pragma once

namespace fovea {

/**
 * Operations a second of multiply-adds in registers, on all threads at once, or, as more would only take turns, on as many as
 * there are cores; the best of several times, as the cores may be lent to others meanwhile.
 */
double peak_flops(int threads, double seconds);

/** Bytes a second, read plus written, of the fastest of several copies of 128 MB. */
double copy_bandwidth(int threads);

}  // namespace fovea
