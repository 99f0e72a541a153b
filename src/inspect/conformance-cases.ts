// The catalogue of conformance cases: for every kernel, the calls on which each backend must agree with the float64
// specification. The same list serves the tests and `fovea conformance`.

import type { KernelName } from "../backend/kernels.js";
import { axesCasesOfAll } from "./cases/axes.js";
import type { ConformanceCase } from "./cases/case.js";
import { convolutionCases } from "./cases/convolution.js";
import { elementwiseCases } from "./cases/elementwise.js";
import { fusedCases } from "./cases/fused.js";
import { matmulCases } from "./cases/matmul.js";
import { movingCases } from "./cases/moving.js";
import { optimizerCases } from "./cases/optimizers.js";
import { windowCases } from "./cases/windows.js";

export type { ConformanceCase } from "./cases/case.js";
export { callOf } from "./cases/case.js";

export const conformanceCases: readonly ConformanceCase[] = [
  ...matmulCases,
  ...convolutionCases,
  ...windowCases,
  ...elementwiseCases,
  ...fusedCases,
  ...axesCasesOfAll,
  ...movingCases,
  ...optimizerCases,
];

export const casesOf = (kernel: KernelName): readonly ConformanceCase[] =>
  conformanceCases.filter((testCase) => testCase.kernel === kernel);
