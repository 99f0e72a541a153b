#include "conv_choice.h"

#include <algorithm>

#include "conv_depthwise.h"
#include "conv_few_outputs.h"
#include "conv_micro.h"
#include "conv_pairs.h"
#include "conv_weight_grad.h"
#include "winograd_conv.h"

namespace fovea::FOVEA_ISA {

bool always(Direction, const ConvShape&) { return true; }

bool never(Direction, const ConvShape&) { return false; }

bool channels_stay_apart(Direction, const ConvShape& s) { return is_depthwise(s); }

namespace {

std::vector<winograd::Phase> winograd_phases(const Plan& plan, const ConvShape& s) {
  return s.groups == 1 ? winograd::phases_of(plan) : std::vector<winograd::Phase>{};
}
Plan plan_of(Direction direction, const ConvShape& s) {
  return direction == Direction::input_grad ? plan_input_grad(s) : plan_forward(s);
}

}  // namespace

bool winograd_fits(Direction direction, const ConvShape& s) {
  return !winograd_phases(plan_of(direction, s), s).empty();
}

/**
 * Measured on Sapphire Rapids and, for the weight gradient, Zen 5, with AVX-512 and with AVX2, against
 * implicit-gemm: fewer products must pay for the transforms, which weigh more the fewer channels there are.
 * Forward, the kernels are transformed too, which only a dozen tiles or more pay for.
 */
bool winograd_pays(Direction direction, const ConvShape& s) {
  const Plan plan = plan_of(direction, s);
  const std::vector<winograd::Phase> phases = winograd_phases(plan, s);
  const int least = std::min(s.ci, s.co), read = direction == Direction::input_grad ? s.co : s.ci;
  const int tiles = s.n * phases[0].tiles_y() * phases[0].tiles_x();
  const double gain = winograd::gain(phases);
  if (direction == Direction::weight_grad) {
    if (tiles < 16 || s.ci < (s.co > 16 ? 5 : 8) || s.co < (s.ci >= 16 ? 3 : 5)) return false;
    if (weight_grad_is_turned(s)) return gain * s.co / round_up(s.co, kLanes) >= 1.95;
    if (s.co <= 5) return gain >= 2;
    return gain >= (least >= 16 || s.ci >= 48 ? 1.5 : s.ci >= 24 ? 1.6 : s.ci >= 12 ? 2 : 2.7);
  }
  const int written = direction == Direction::input_grad ? s.ci : s.co;
  const int fewest = written <= kLanes ? 10 : s.kh * s.kw > 9 ? 5 : 6;
  if (least < 5 || read * written < 120 || read < fewest || tiles < 12) return false;
  // Transformed kernels that leave the second-level cache weigh as much as more tiles.
  const double transformed = (double)sizeof(float) * phases[0].depth() * phases.size() * s.ci * s.co;
  const double worth = transformed > (1 << 20) ? 12 : 8;
  return gain * tiles / (tiles + worth) >= (least >= 64 ? 1.6 : least >= 32 ? 1.7 : least >= 24 ? 2.2 : 2.7);
}

/** One to four channels on the side that is written. */
bool few_outputs(Direction direction, const ConvShape& s) {
  if (direction == Direction::weight_grad && (s.stride_y != 1 || s.stride_x != 1 || s.up != 1)) return false;
  return s.groups == 1 && (direction == Direction::input_grad ? s.ci : s.co) <= kFewOutputs;
}
/** With fewer on the other side `planar` is faster, but where it turns many pixels into planes for few sums. */
bool many_inputs(Direction direction, const ConvShape& s) {
  const int taps = s.kh * s.kw;
  if (direction == Direction::weight_grad) return s.ci >= (s.co < 4 || taps <= 4 ? 8 : 16);
  const bool backward = direction == Direction::input_grad, strided = !backward && s.stride_x > 1;
  const int read = backward ? s.co : s.ci, written = backward ? s.ci : s.co;
  if (strided && written <= 2) return read >= (taps <= 9 ? 3 : 8);
  if (taps <= 4) return read >= (strided ? 8 : 8 * written);
  return read >= (written == 1 || strided ? 12 : 2 * kLanes);
}

bool planar_fits(Direction direction, const ConvShape& s) {
  return s.groups == 1 && (direction != Direction::weight_grad || s.up == 1);
}

bool pairs_fit(Direction direction, const ConvShape& s) {
  return direction == Direction::weight_grad && pairs_weight_grad_fits(s);
}
/** With more channels implicit-gemm, which loads less for each product, is as fast or faster. */
bool few_inputs(Direction, const ConvShape& s) { return s.ci <= 2 || (s.ci <= 4 && s.co > 16); }

/**
 * Measured on Zen 5, with AVX-512 and with AVX2. Against implicit-gemm it gains as much as the outputs leave of
 * vectors of channels empty, and loses what lies between its rows and what it takes to turn the input into planes,
 * which every tap uses again. Winograd's method is faster where there are many channels on the other side.
 */
bool planar_pays(Direction direction, const ConvShape& s) {
  const bool backward = direction == Direction::input_grad;
  const auto winograd_is_chosen = [&] { return winograd_fits(direction, s) && winograd_pays(direction, s); };
  const int columns = backward ? ceil_div(s.w, s.stride_x) : s.ow;
  const double longer = 1 + (s.kw - 1) * s.dilation_x / s.stride_x / (double)columns;  // rows, by this factor
  const double steps = s.stride_y * s.stride_x;
  if (direction == Direction::weight_grad) {
    const double outputs = s.co * longer;
    const int taps = s.kh * s.kw;
    // Than implicit-gemm, if that turns its product.
    const bool is_slower = steps > 1   ? s.ci >= 3
                           : s.ci >= 8 ? s.co >= 4
                                       : s.ci >= 3 && s.co >= 6 && taps >= 25;
    if (is_slower && weight_grad_is_turned(s)) return false;
    if (taps <= 4) {
      if (steps > 1) return s.ci == 1 ? s.co <= kFewOutputs : s.co == 1 && s.ci >= 8;
      return s.co <= kFewOutputs && s.ci <= 5;
    }
    if (outputs <= 2.5) return true;
    const bool many_taps = taps >= 16 || s.ci == 1 || s.ci >= 8;
    if (steps > 1) return outputs <= 5.5 && many_taps && !winograd_is_chosen();
    if (s.co > kFewOutputs && s.ci == 1 && pairs_weight_grad_fits(s)) return false;
    return outputs <= 8.5 && (outputs <= (s.ci < 12 ? 8.5 : 5.5) || !winograd_is_chosen());
  }
  const int read = backward ? s.co : s.ci, written = backward ? s.ci : s.co;
  const bool once = !backward && steps > 1 && s.kh * s.kw <= steps;  // each pixel is used in one sum
  if (written <= kFewOutputs) return !once || read < 3;
  const bool many_taps = s.kh * s.kw > 9;
  const int most = written < kLanes / 2 ? (many_taps ? 64 : 32) : many_taps ? 23 : 15;
  if (read > most && winograd_is_chosen()) return false;
  const int lanes = round_up(written, kLanes);
  const double empty = 1 - written * longer / (lanes * (lanes == 16 ? 0.78 : 1));
  const double taps = s.kh * s.kw / (backward ? steps : 1);
  const double planes = backward ? 1 : steps;  // pixels turned into planes for each sum
  return written <= 12 && taps * empty >= 1.05 + 0.33 * planes &&
         taps * empty > 0.6 * planes + 0.75 * written / read;
}

}  // namespace fovea::FOVEA_ISA
