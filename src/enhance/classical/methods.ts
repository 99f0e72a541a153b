// The classical methods by name, with their parameters: what `--method` offers. What a method does is in the file of its name;
// applying one to any picture is apply.ts.

import type { Image } from "../../image/image.js";
import { bilateral, bilateralRadius } from "./bilateral.js";
import { clahe } from "./clahe.js";
import { equalize } from "./equalize.js";
import { gamma } from "./gamma.js";
import { gaussian, gaussianRadius } from "./gaussian.js";
import { lumaOf } from "./luma.js";
import { median } from "./median.js";
import { nonLocalMeans, nonLocalReach } from "./non-local-means.js";
import { sharpen } from "./sharpen.js";
import { sobel } from "./sobel.js";
import { stretch } from "./stretch.js";
import { unsharp } from "./unsharp.js";

export interface Parameter {
  readonly default: number;
  readonly from: number;
  readonly to: number;
  /** Only whole numbers, or only odd ones. */
  readonly kind?: "whole" | "odd";
}

export interface Method {
  /** In a few words, for people. */
  readonly title: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Rows above and below that a row of the result depends on; left out where it depends on the whole picture. */
  reach?(values: Values, bitDepth: 8 | 16): number;
  /** Of a picture without alpha. */
  apply(image: Image, values: Values): Image;
}

/** A method's parameters, each given. */
export type Values = Readonly<Record<string, number>>;

const size = (value: number, to: number): Parameter => ({ default: value, from: 1, to, kind: "odd" });
const sigma = { default: 1, from: 0.1, to: 50 };

export const methods: Readonly<Record<string, Method>> = {
  grey: { title: "grey", parameters: {}, reach: () => 0, apply: lumaOf },
  equalize: { title: "histogram equalisation", parameters: {}, apply: equalize },
  clahe: {
    title: "adaptive equalisation",
    parameters: {
      clip: { default: 2, from: 0.1, to: 1000 },
      tiles: { default: 8, from: 1, to: 64, kind: "whole" },
    },
    apply: (image, { clip, tiles }) => clahe(image, clip, tiles),
  },
  stretch: {
    title: "contrast stretching",
    parameters: { clip: { default: 0.5, from: 0, to: 49 } },
    apply: (image, { clip }) => stretch(image, clip),
  },
  gamma: {
    title: "gamma",
    parameters: { gamma: { default: 0.8, from: 0.05, to: 20 } },
    reach: () => 0,
    apply: (image, values) => gamma(image, values.gamma),
  },
  gaussian: {
    title: "Gaussian blur",
    parameters: { sigma },
    reach: (values, bitDepth) => gaussianRadius(values.sigma, bitDepth),
    apply: (image, values) => gaussian(image, values.sigma),
  },
  median: {
    title: "median",
    parameters: { size: size(3, 101) },
    reach: (values) => values.size >> 1,
    apply: (image, values) => median(image, values.size),
  },
  bilateral: {
    title: "bilateral filter",
    parameters: { color: { default: 30, from: 0.1, to: 1000 }, space: { default: 2, from: 0.1, to: 30 } },
    reach: ({ space }) => bilateralRadius(space),
    apply: (image, { color, space }) => bilateral(image, color, space),
  },
  nlmeans: {
    title: "non-local means",
    parameters: { h: { default: 10, from: 0.1, to: 255 }, template: size(7, 21), search: size(21, 61) },
    reach: ({ template, search }) => nonLocalReach(template, search),
    apply: (image, { h, template, search }) => nonLocalMeans(image, h, template, search),
  },
  unsharp: {
    title: "unsharp mask",
    parameters: {
      sigma,
      amount: { default: 0.7, from: 0, to: 10 },
      threshold: { default: 0, from: 0, to: 255 },
    },
    reach: (values, bitDepth) => gaussianRadius(values.sigma, bitDepth),
    apply: (image, values) => unsharp(image, values.sigma, values.amount, values.threshold),
  },
  sobel: { title: "Sobel gradient", parameters: {}, reach: () => 1, apply: sobel },
  sharpen: { title: "gradient sharpening", parameters: {}, reach: () => 2, apply: sharpen },
};
