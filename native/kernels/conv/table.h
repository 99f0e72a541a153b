// The variants of the convolution trio, by name, and which one a shape gets. A call's number `variant` is a place in this list, or
// -1 for the table's own choice.
#pragma once

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv {

/** Runs the variant with that number, or for -1 the cheapest. Throws where it does not support the shape. */
void run(const ConvCall& call, int variant);

/** The number of the variant that serves a call: the named one, or the cheapest; -1 if that one cannot. */
int variant_of(const Call& call, Direction direction);

/** The variant's name; null past the last. */
const char* variant_name(int index);

}  // namespace fovea::FOVEA_ISA::conv
