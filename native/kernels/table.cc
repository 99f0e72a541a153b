// The table of this instruction set's kernels.
#include <cstring>

#include "kernels/conv/table.h"
#include "kernels/elements/functions.h"
#include "kernels/matmul/variants.h"
#include "kernels/simd/peak.h"
#include "kernels/simd/simd.h"
#include "program/dispatch.h"

namespace fovea::FOVEA_ISA {

#define FOVEA_DECLARE(name) void name(const Call&);
FOVEA_KERNELS(FOVEA_DECLARE)
const KernelTable& table();

namespace {

/** Only the products have more than one variant. */
int variant_of(int kernel, const Call& call) {
  if (kernel == kernel_index("matmul")) return matmul_variant_of(call);
  if (kernel == kernel_index("conv2d")) return conv::variant_of(call, conv::Direction::forward);
  if (kernel == kernel_index("conv2d_input_grad")) return conv::variant_of(call, conv::Direction::input_grad);
  if (kernel == kernel_index("conv2d_weight_grad"))
    return conv::variant_of(call, conv::Direction::weight_grad);
  return 0;
}

/** Of a kernel that has nothing to prepare: the call itself. */
class PlainStep : public Step {
 public:
  PlainStep(Kernel kernel, const Call& call) : kernel_(kernel), call_(call) {}
  void run() override { kernel_(call_); }

 private:
  const Kernel kernel_;
  const Call call_;
};

std::unique_ptr<Step> prepare(int kernel, const Call& call) {
  if (kernel == kernel_index("matmul")) return prepare_matmul(call);
  if (kernel == kernel_index("conv2d")) return conv::prepare(call, conv::Direction::forward);
  if (kernel == kernel_index("conv2d_input_grad")) return conv::prepare(call, conv::Direction::input_grad);
  if (kernel == kernel_index("conv2d_weight_grad")) return conv::prepare(call, conv::Direction::weight_grad);
  return std::make_unique<PlainStep>(table().kernels[kernel], call);
}

std::vector<int> overwritable(int kernel, const Call& call) {
  if (kernel == kernel_index("conv2d")) return conv::overwritable(call, conv::Direction::forward);
  if (kernel == kernel_index("conv2d_input_grad"))
    return conv::overwritable(call, conv::Direction::input_grad);
  return {};
}

const char* variant_name(int kernel, int index) {
  if (kernel == kernel_index("matmul")) return matmul_variant_name(index);
  const bool is_convolution = std::strncmp(kernel_name(kernel), "conv2d", 6) == 0;
  return is_convolution ? conv::variant_name(index) : index == 0 ? "simd" : nullptr;
}

}  // namespace

#define FOVEA_STRING_(x) #x
#define FOVEA_STRING(x) FOVEA_STRING_(x)
#define FOVEA_ENTRY(name) name,
#define FOVEA_NAME(Name) #Name,

/** In the order of their numbers; src/backend/attributes.ts has the same lists. */
constexpr const char* kUnaryNames[] = {FOVEA_UNARY_FUNCTIONS(FOVEA_NAME) nullptr};
constexpr const char* kBinaryNames[] = {FOVEA_BINARY_FUNCTIONS(FOVEA_NAME) nullptr};

const KernelTable& table() {
  static const KernelTable made = {FOVEA_STRING(FOVEA_ISA),
                                   kLanes,
                                   {FOVEA_KERNELS(FOVEA_ENTRY)},
                                   prepare,
                                   overwritable,
                                   variant_of,
                                   peak_flops,
                                   kUnaryNames,
                                   kBinaryNames,
                                   variant_name};
  return made;
}

}  // namespace fovea::FOVEA_ISA
