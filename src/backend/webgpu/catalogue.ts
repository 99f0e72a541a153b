// Every kernel with its variants on this device. The plans themselves are in plans/.

import type { KernelName } from "../kernels.js";
import type { DeviceTraits, PlannedVariant, Plans } from "./context.js";
import { convolutionPlans } from "./plans/convolution.js";
import { elementwisePlans } from "./plans/elementwise.js";
import { matmulPlans } from "./plans/matmul.js";
import { movingPlans } from "./plans/moving.js";
import { normalizePlans } from "./plans/normalize.js";
import { optimizerPlans } from "./plans/optimizers.js";
import { poolPlans } from "./plans/pool.js";
import { randomPlans } from "./plans/random.js";
import { reducePlans } from "./plans/reduce.js";
import { resizePlans } from "./plans/resize.js";

const families: readonly Plans[] = [
  matmulPlans,
  convolutionPlans,
  poolPlans,
  resizePlans,
  elementwisePlans,
  reducePlans,
  normalizePlans,
  movingPlans,
  randomPlans,
  optimizerPlans,
];

export type Catalogue = Record<KernelName, PlannedVariant[]>;

export function catalogueFor(device: DeviceTraits): Catalogue {
  return Object.assign({}, ...families.map((plans) => plans(device))) as Catalogue;
}
