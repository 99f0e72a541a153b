// The orders in which kernels and functions are numbers must be the same here and in a compiled engine.

import { binaryFunctions, unaryFunctions } from "../attributes.js";
import { kernelNames } from "./encode.js";
import type { EngineInfo } from "./engine.js";

/** Was the engine built for other kernels than this version's? Their places in these lists are their numbers. */
export function lacksKernels(info: EngineInfo): boolean {
  const orders: [string[] | undefined, readonly string[]][] = [
    [info.kernels, kernelNames],
    [info.unaryFunctions, unaryFunctions],
    [info.binaryFunctions, binaryFunctions],
  ];
  return orders.some(([built, known]) => built?.map(asHere).join() !== known.join());
}

/** "conv2d_input_grad" and "LeakyRelu" as they are spelt here. */
const asHere = (name: string): string =>
  name[0].toLowerCase() + name.slice(1).replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
