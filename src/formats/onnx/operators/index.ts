// Every operator that is known, under ONNX's name.

import type { Operators } from "../call.js";
import { binaryOperators } from "./binary.js";
import { convolutionOperators } from "./convolution.js";
import { gridSampleOperators } from "./grid-sample.js";
import { indexingOperators } from "./indexing.js";
import { movingOperators } from "./moving.js";
import { normalizationOperators } from "./normalization.js";
import { poolingOperators } from "./pooling.js";
import { productOperators } from "./products.js";
import { quantizationOperators } from "./quantization.js";
import { reduceOperators } from "./reduce.js";
import { resizeOperators } from "./resize.js";
import { shapeOperators } from "./shapes.js";
import { trainingOperators } from "./training.js";
import { unaryOperators } from "./unary.js";

export const operators: Operators = {
  ...unaryOperators,
  ...binaryOperators,
  ...shapeOperators,
  ...movingOperators,
  ...reduceOperators,
  ...productOperators,
  ...convolutionOperators,
  ...poolingOperators,
  ...normalizationOperators,
  ...resizeOperators,
  ...quantizationOperators,
  ...indexingOperators,
  ...gridSampleOperators,
  ...trainingOperators,
};
