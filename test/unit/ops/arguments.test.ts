// Mistakes in arguments, as people make them: each is refused in one sentence that names the function and what is wrong.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../../src/backend/current.js";
import { ReferenceBackend } from "../../../src/backend/reference/reference-backend.js";
import { useBackend } from "../../../src/backend/select.js";
import { UserError } from "../../../src/base/errors.js";
import { gradcheck } from "../../../src/inspect/gradcheck.js";
import * as nn from "../../../src/nn/index.js";
import * as models from "../../../src/models/index.js";
import * as ops from "../../../src/ops/index.js";
import * as optim from "../../../src/optim/index.js";
import { record } from "../../../src/tensor/record.js";
import { grad } from "../../../src/tensor/tape.js";
import { parameter, tensor } from "../../../src/tensor/tensor.js";
import { fit } from "../../../src/train/fit.js";

let backend: ReferenceBackend;
beforeAll(() => setBackend((backend = new ReferenceBackend())));
afterAll(() => backend.close());

// What TypeScript would refuse as well, as a program in JavaScript gives it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const wrong = (value: unknown): any => value;
const { ones } = ops;
const image = () => ones([1, 4, 4, 1]);
const kernel = () => ones([1, 1, 1, 1]);
const dense = () => new models.Sequential([new nn.Dense(2)]);
const samples = () => ({ data: new Float32Array(8), shape: [4, 2] });
const options = () => ({ optimizer: new optim.Adam(), loss: nn.meanSquaredError, epochs: 1 });

const mistakes: [string, () => unknown, string][] = [
  // options of another name: PyTorch's, NumPy's, or misspelt
  ["conv2d stride", () => ops.conv2d(image(), kernel(), wrong({ stride: 2 })), 'conv2d has no option "stride"; did you mean "strides"?'],
  ["conv2d dilation", () => ops.conv2d(image(), kernel(), wrong({ dilation: 2 })), 'conv2d has no option "dilation"; did you mean "dilationRate"?'],
  ["conv2dTranspose stride", () => ops.conv2dTranspose(image(), kernel(), wrong({ stride: 2 })), 'did you mean "strides"?'],
  ["Conv2D stride", () => new nn.Conv2D(1, 1, wrong({ stride: 2 })), 'Conv2D has no option "stride"; did you mean "strides"?'],
  ["maxPool2d padding", () => ops.maxPool2d(image(), { poolSize: 2, strides: 1, padding: [[0, 9], [0, 0]] }), "some windows of [2, 2] lie outside"],
  ["averagePool2d padding", () => ops.averagePool2d(image(), { poolSize: 2, padding: 2 }), "pad by less than the window"],
  ["maxPool2d size", () => ops.maxPool2d(image(), wrong({ size: 2 })), 'maxPool2d has no option "size"; did you mean "poolSize"?'],
  ["MaxPooling2D size", () => new nn.MaxPooling2D(wrong({ size: 2 })), 'MaxPooling2D has no option "size"; did you mean "poolSize"?'],
  ["sum axes", () => ops.sum(image(), wrong({ axes: 1 })), 'sum has no option "axes"; did you mean "axis"?'],
  ["sum keepdims", () => ops.sum(image(), wrong({ keepdims: true })), 'did you mean "keepDims"?'],
  ["sum, axis as a number", () => ops.sum(image(), wrong(1)), "sum: its options are an object, such as { axis: ... }, not 1."],
  ["LayerNormalization axis", () => new nn.LayerNormalization(wrong({ axis: 1 })), 'LayerNormalization has no option "axis"; known are name, activityRegularizer, epsilon.'],
  ["Dense usebias", () => new nn.Dense(2, wrong({ usebias: false })), 'Dense has no option "usebias"; did you mean "useBias"?'],
  ["Adam weightDecay", () => new optim.Adam(0.1, wrong({ weightDecay: 0.1 })), 'Adam has no option "weightDecay"'],
  ["GradientDescent momentum", () => new optim.GradientDescent(0.1, wrong({ momentum: 0.9 })), 'GradientDescent has no option "momentum"'],
  ["Adam of an object", () => new optim.Adam(wrong({ learningRate: 0.01 })), "Adam: the learning rate comes first and is a number or a schedule, not an object."],
  ["cosineDecay of 0 steps", () => optim.cosineDecay(1, { steps: 0 }), "cosineDecay: steps must be a whole number of at least 1, not 0."],
  ["grad createGraphs", () => grad(parameter(1), [], wrong({ createGraphs: true })), 'did you mean "createGraph"?'],
  // words
  ["padding SAME", () => ops.conv2d(image(), kernel(), wrong({ padding: "SAME" })), 'conv2d: the padding "SAME" is not known; did you mean "same"?'],
  ["padding of three", () => ops.conv2d(image(), kernel(), wrong({ padding: [1, 1, 1] })), "[[top, bottom], [left, right]], not [1, 1, 1]."],
  ["bicubic", () => ops.resize2d(image(), [2, 2], wrong("bicubic")), 'resize2d: the interpolation "bicubic" is not known; known are nearest, bilinear.'],
  ["activation Relu", () => new nn.Dense(2, wrong({ activation: "Relu" })), 'Dense: the activation "Relu" is not known; did you mean "relu"?'],
  ["initializer he", () => new nn.Conv2D(2, 3, wrong({ kernelInitializer: "he" })), 'Conv2D: the initializer "he" is not known; known are zeros'],
  ["Activation", () => new nn.Activation(wrong("swish")), 'Activation: the activation "swish" is not known'],
  // sizes and shapes
  ["zeros negative", () => ops.zeros([-2, -3]), "full: a shape is a list of whole numbers of at least 0, such as [2, 3], not [-2, -3]."],
  ["zeros fractional", () => ops.zeros([2.5, 2]), "not [2.5, 2]."],
  ["zeros NaN", () => ops.zeros([NaN]), "not [NaN]."],
  ["tensor negative", () => tensor([1, 2], [-2, -1]), "tensor: a shape is"],
  ["reshape negative", () => ops.reshape(ones([6]), [-2, -3]), "reshape: a shape is"],
  ["reshape two open", () => ops.reshape(ones([1]), [-1, -1]), "reshape: a tensor of shape [1] has 1 elements and cannot become [-1, -1]."],
  ["broadcastTo negative", () => ops.broadcastTo(ones([1]), [-1]), "broadcastTo: a shape is"],
  ["random negative", () => ops.randomUniform([-1], { seed: 1 }), "randomUniform: a shape is"],
  ["random seed", () => ops.randomNormal([1], { seed: -1 }), "randomNormal: the seed must be a whole number of at least 0, not -1."],
  ["slice from 0.5", () => ops.slice(ones([6]), [0.5], [2]), "slice: every number of begin must be a whole number of at least 0, not 0.5."],
  ["pad by 0.5", () => ops.pad(ones([2]), [[0.5, 0.5]]), "pad: every amount must be a whole number of at least 0, not 0.5."],
  ["depthToSpace by 1.5", () => ops.depthToSpace(ones([1, 2, 2, 9]), 1.5), "depthToSpace: block must be a whole number of at least 1, not 1.5."],
  ["groups 1.5", () => ops.conv2d(ones([1, 4, 4, 3]), ones([1, 1, 2, 3]), { groups: 1.5 }), "conv2d: groups must be a whole number of at least 1, not 1.5."],
  ["strides 0", () => ops.conv2d(image(), kernel(), { strides: 0 }), "conv2d: strides must be a whole number of at least 1, or two of them [y, x], not 0."],
  ["conv2d without pixels", () => ops.conv2d(ones([1, 0, 4, 1]), ones([3, 3, 1, 1]), { padding: "same" }), "does not fit an image of [0, 4]."],
  ["conv2dTranspose without room", () => ops.conv2dTranspose(ones([1, 1, 1, 4]), ones([2, 3, 2, 4]), { strides: 2, padding: 2 }), "does not fit an image of [-2, -1]."],
  ["resize2d without pixels", () => ops.resize2d(ones([1, 0, 4, 1]), [2, 2]), "resize2d: images of [1, 0, 4, 1] have no pixels to be resized."],
  ["max of nothing", () => ops.max(ones([0, 3]), { axis: 0 }), "max: a tensor of shape [0, 3] has no elements along the axes."],
  ["normalize of nothing", () => ops.normalize(ones([0, 3]), 0), "normalize: a tensor of shape [0, 3] has no elements along the axis."],
  ["matMul of other batches", () => ops.matMul(ones([2, 3, 1, 1]), ones([3, 2, 1, 1])), "the batches [2, 3] and [3, 2] are neither equal nor 1."],
  ["leakyRelu alpha", () => ops.leakyRelu(ones([1]), -1), "leakyRelu: alpha must be a number of at least 0, not -1."],
  ["Conv2D without filters", () => new nn.Conv2D(0, 3), "Conv2D: filters must be a whole number of at least 1, not 0."],
  ["Dense without units", () => new nn.Dense(wrong("8")), 'Dense: units must be a whole number of at least 1, not "8".'],
  // things that are no tensors, layers, functions
  ["add of an array", () => ops.add(image(), wrong([1, 2])), "add: expected a tensor, not [1, 2]; make one of numbers with tensor()."],
  ["relu of null", () => ops.relu(wrong(null)), "relu: expected a tensor, not null"],
  ["conv2d of numbers", () => ops.conv2d(wrong([[1]]), kernel()), "conv2d: expected a tensor, not [[1]]"],
  ["a layer's call of an array", () => new nn.Dense(2).call(wrong([1, 2])), "Dense: expected a tensor, not 1"],
  ["softmax of a scalar", () => ops.softmax(ones([])), "softmax: expected a tensor of at least one axis, got a scalar."],
  ["flatten of a scalar", () => ops.flatten(ones([])), "flatten: expected a tensor [batch, ...], got a scalar."],
  ["tensor of text", () => tensor(wrong(["a", "b"])), 'tensor: expected numbers, in arrays in arrays or in one typed array, not "a".'],
  ["tensor of null", () => tensor(wrong([1, null])), "not null."],
  ["tensor of typed arrays", () => tensor(wrong([Float32Array.of(1), Float32Array.of(2)])), "not a Float32Array."],
  ["setBackend of a name", () => setBackend(wrong("native")), 'setBackend: expected an open backend, not "native"; await useBackend("native") opens one by its name.'],
  ["record of a tensor alone", () => record(wrong(() => ones([1]))), "record: the function must return tensors by name, such as { loss }"],
  ["Sequential of names", () => new models.Sequential(wrong(["dense"])), 'Sequential: expected a layer, not "dense".'],
  ["new Model(a, b)", () => new (wrong(models.Model))(image(), image()), "Model: give one object: new Model({ inputs, outputs })."],
  ["summary without a shape", () => nn.summary(dense(), wrong(undefined)), "summary: give the shape of the input, too"],
  ["a loss of other shapes", () => nn.meanSquaredError(ones([2]), ones([3])), "meanSquaredError: the prediction [2] and the target [3] must have one shape."],
]; // prettier-ignore

describe("a mistake in the arguments is refused in one sentence", () => {
  it.each(mistakes)("%s", (_name, mistake, message) => {
    expect(mistake).toThrow(message);
    expect(mistake).toThrow(UserError);
  });
});

const laterMistakes: [string, () => Promise<unknown>, string][] = [
  ["fit with optimizer 'adam'", () => fit(dense(), { x: samples(), y: samples() }, { ...options(), optimizer: wrong("adam") }), 'fit: the optimizer is an object such as new Adam(), not "adam".'],
  ["fit with loss 'mse'", () => fit(dense(), { x: samples(), y: samples() }, { ...options(), loss: wrong("mse") }), 'fit: the loss is a function such as meanSquaredError, not "mse".'],
  ["fit(model, x, y)", () => fit(dense(), wrong(samples()), options()), "fit: the second argument is the data, { x, y } or batches by number"],
  ["fit on nested arrays", () => fit(dense(), wrong({ x: [[1, 2]], y: [[1, 2]] }), options()), "fit: x must be { data, shape }"],
  ["fit with too few numbers", () => fit(dense(), { x: samples(), y: { data: new Float32Array(7), shape: [4, 2] } }, options()), "fit: y.data holds 7 numbers and the shape [4, 2] needs 8."],
  ["fit with batchSize 0", () => fit(dense(), { x: samples(), y: samples() }, { ...options(), batchSize: 0 }), "fit: batchSize must be a whole number of at least 1, not 0."],
  ["fit for NaN epochs", () => fit(dense(), { x: samples(), y: samples() }, { ...options(), epochs: NaN }), "fit: epochs is a number, not NaN."],
  ["fit with epoch", () => fit(dense(), { x: samples(), y: samples() }, wrong({ ...options(), epoch: 2 })), 'fit has no option "epoch"; did you mean "epochs"?'],
  ["gradcheck on arrays", () => gradcheck((x) => ops.square(x), wrong([[1, 2, 3]])), "gradcheck: an input is { shape, data }"],
  ["useBackend thread", () => useBackend("reference", wrong({ thread: 2 })), 'useBackend has no option "thread"; did you mean "threads"?'],
]; // prettier-ignore

describe("and where the function is asynchronous it rejects", () => {
  it.each(laterMistakes)("%s", async (_name, mistake, message) => {
    const rejected = mistake();
    await expect(rejected).rejects.toThrow(message);
    await expect(rejected).rejects.toBeInstanceOf(UserError);
  });
});

describe("what is near a mistake and right", () => {
  it("is taken", async () => {
    expect(ops.conv2d(image(), kernel(), { strides: 2 }).shape).toEqual([1, 2, 2, 1]);
    expect(ops.transpose(ones([2, 3]), [-1, 0]).shape).toEqual([3, 2]);
    expect(ops.sum(ones([2, 3]), { axis: [-1], keepDims: true }).shape).toEqual([2, 1]);
    expect(await ops.sum(ones([0, 3]), { axis: 0 }).data()).toEqual(Float32Array.of(0, 0, 0));
    expect(await ops.mean(ones([0])).item()).toBeNaN();
    expect(JSON.parse(JSON.stringify(ops.relu(parameter([1]))))).toMatchObject({ shape: [1] });
  });
});
