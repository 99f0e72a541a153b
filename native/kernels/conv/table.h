// The variants of the convolution trio, by name, and which one a shape gets. A call's number `variant` is a place in this list, or
// -1 for the table's own choice.
#pragma once

#include <memory>
#include <vector>

#include "kernels/conv/conv.h"

namespace fovea::FOVEA_ISA::conv {

/** A call on the variant that it names, or on the cheapest. Throws where that one does not support the shape. */
std::unique_ptr<Step> prepare(const Call& call, Direction direction);
std::unique_ptr<Step> prepare(const ConvCall& call);

/** See KernelTable. */
std::vector<int> overwritable(const Call& call, Direction direction);

/** The number of the variant that serves a call: the named one, or the cheapest; -1 if that one cannot. */
int variant_of(const Call& call, Direction direction);

/** The variant's name; null past the last. */
const char* variant_name(int index);

}  // namespace fovea::FOVEA_ISA::conv
