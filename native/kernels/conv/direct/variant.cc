// `direct` as a variant: it serves every call and is never the choice.
#include "kernels/conv/cost.h"
#include "kernels/conv/direct/direct.h"

namespace fovea::FOVEA_ISA::conv::direct {
namespace {

bool supports(const ConvWork&) { return true; }

void run(const ConvCall& c) {
  switch (c.direction) {
    case Direction::forward:
      return forward(c.shape, c.a, c.b, c.out, c.epilogue);
    case Direction::input_grad:
      return input_grad(c.shape, c.a, c.b, c.out, c.epilogue);
    case Direction::weight_grad:
      return weight_grad(c.shape, c.a, c.b, c.out);
  }
}

}  // namespace

extern const Variant kVariant;
const Variant kVariant = {"direct", supports, never, run};

}  // namespace fovea::FOVEA_ISA::conv::direct
