// normalize and its gradient: what batch normalisation (axis 0, a column a channel) and layer normalisation (axis 1, a
// row a sample) share. The variance is the biased one (divided by the count).

import type { KernelFunction } from "./tensor.js";

/** The groups that are normalised: `groups` of `count` elements, element k of group g being at g*groupStep + k*step. */
function groupsOf([rows, columns]: readonly number[], axis: 0 | 1) {
  return axis === 0
    ? { groups: columns, count: rows, groupStep: 1, step: columns }
    : { groups: rows, count: columns, groupStep: columns, step: 1 };
}

/** y = (x - mean) * inverseStd, inverseStd = 1/sqrt(variance + epsilon) */
export const normalize: KernelFunction<"normalize"> = (
  [x],
  [y, mean, inverseStd, variance],
  { axis, epsilon },
) => {
  const { groups, count, groupStep, step } = groupsOf(x.shape, axis);
  for (let group = 0; group < groups; group++) {
    const start = group * groupStep;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += x.data[start + k * step];
    const m = sum / count;
    let squares = 0;
    for (let k = 0; k < count; k++) squares += (x.data[start + k * step] - m) ** 2;
    const v = squares / count;
    const scale = 1 / Math.sqrt(v + epsilon);
    for (let k = 0; k < count; k++) y.data[start + k * step] = (x.data[start + k * step] - m) * scale;
    mean.data[group] = m;
    inverseStd.data[group] = scale;
    variance.data[group] = v;
  }
};

/** dx = inverseStd * (dy - mean(dy) - y * mean(dy * y)) */
export const normalizeGrad: KernelFunction<"normalizeGrad"> = ([y, inverseStd, dy], [dx], { axis }) => {
  const { groups, count, groupStep, step } = groupsOf(y.shape, axis);
  for (let group = 0; group < groups; group++) {
    const start = group * groupStep;
    let sum = 0;
    let sumWithY = 0;
    for (let k = 0; k < count; k++) {
      sum += dy.data[start + k * step];
      sumWithY += dy.data[start + k * step] * y.data[start + k * step];
    }
    for (let k = 0; k < count; k++) {
      const i = start + k * step;
      dx.data[i] = inverseStd.data[group] * (dy.data[i] - sum / count - y.data[i] * (sumWithY / count));
    }
  }
};
