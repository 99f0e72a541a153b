// `direct` as a variant: it serves every call and is never the choice.
#include "kernels/conv/cost.h"
#include "kernels/conv/direct/direct.h"

namespace fovea::FOVEA_ISA::conv::direct {
namespace {

bool supports(const ConvWork&) { return true; }

std::function<void()> prepare(const ConvCall& c) {
  switch (c.direction) {
    case Direction::forward:
      return [&c] { forward(c.shape, c.a, c.b, c.out, c.epilogue); };
    case Direction::input_grad:
      return [&c] { input_grad(c.shape, c.a, c.b, c.out, c.epilogue); };
    default:
      return [&c] { weight_grad(c.shape, c.a, c.b, c.out); };
  }
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"direct", supports, never, prepare};

}  // namespace fovea::FOVEA_ISA::conv::direct
