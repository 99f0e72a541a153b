// What JavaScript tells a module of the machine.
#pragma once

namespace fovea {

void suppose_cores(int cores);

/** May the thread that calls the module sleep? A page's main thread must not, and spins. */
void suppose_caller_may_sleep(bool may);

}  // namespace fovea
