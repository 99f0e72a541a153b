// Which variants of conv_table.h serve a shape, and for which they were measured to be the fastest: a variant is chosen
// where no earlier one in the table is.
#pragma once

#include "conv_table.h"

namespace fovea::FOVEA_ISA {

bool always(Direction direction, const ConvShape& s);
bool never(Direction direction, const ConvShape& s);
bool channels_stay_apart(Direction direction, const ConvShape& s);
bool winograd_fits(Direction direction, const ConvShape& s);
bool winograd_pays(Direction direction, const ConvShape& s);
bool few_outputs(Direction direction, const ConvShape& s);
bool many_inputs(Direction direction, const ConvShape& s);
bool planar_fits(Direction direction, const ConvShape& s);
bool pairs_fit(Direction direction, const ConvShape& s);
bool few_inputs(Direction direction, const ConvShape& s);
bool planar_pays(Direction direction, const ConvShape& s);

}  // namespace fovea::FOVEA_ISA
