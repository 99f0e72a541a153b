// What each operation computes and how its gradient goes back, in a line each, by the name it has on the tape; for people who look
// at one node. The rules themselves, and their derivations, are in ops/.

export interface Formula {
  readonly forward: string;
  /** The gradient of each input, and d y / d that input at one element: what a number of the rule is multiplied by. */
  readonly gradients: readonly (readonly [gradient: string, slope: string])[];
}

const of = (forward: string, ...gradients: Formula["gradients"][number][]): Formula => ({
  forward,
  gradients,
});

/** y = f(x): one slope, written in y where the rule saves y. */
const ofOne = (f: string, slope: string): Formula => of(`y = ${f}`, [`dx = dy · ${slope}`, slope]);

const unary: Readonly<Record<string, Formula>> = {
  relu: ofOne("max(x, 0)", "1[y > 0]"),
  leakyRelu: ofOne("x if x > 0, else α x", "(1 if y > 0, else α)"),
  sigmoid: ofOne("1 / (1 + e⁻ˣ)", "y (1 − y)"),
  tanh: ofOne("tanh x", "(1 − y²)"),
  softplus: ofOne("log(1 + eˣ)", "(1 − e⁻ʸ)"),
  silu: ofOne("x σ(x)", "(σ(x) + x σ(x) (1 − σ(x)))"),
  gelu: ofOne("x/2 (1 + tanh u),  u = √(2/π) (x + 0.044715 x³)", "gelu′(x)"),
  exp: ofOne("eˣ", "y"),
  log: ofOne("log x", "1/x"),
  sqrt: ofOne("√x", "1/(2y)"),
  rsqrt: ofOne("1/√x", "(−y³/2)"),
  square: ofOne("x²", "2x"),
  abs: ofOne("|x|", "sign x"),
  sign: ofOne("sign x", "0"),
  neg: ofOne("−x", "(−1)"),
  reciprocal: ofOne("1/x", "(−y²)"),
  sin: ofOne("sin x", "cos x"),
  cos: ofOne("cos x", "(−sin x)"),
  erf: ofOne("erf x", "(2/√π e^(−x²))"),
  floor: ofOne("⌊x⌋", "0"),
  ceil: ofOne("⌈x⌉", "0"),
  round: ofOne("x rounded, halves to the even neighbour", "0"),
};

const ofTwo: Readonly<Record<string, Formula>> = {
  add: of("y = a + b", ["da = dy", "1"], ["db = dy", "1"]),
  sub: of("y = a − b", ["da = dy", "1"], ["db = −dy", "−1"]),
  mul: of("y = a · b", ["da = dy · b", "b"], ["db = dy · a", "a"]),
  div: of("y = a / b", ["da = dy / b", "1/b"], ["db = −dy · y / b", "−y/b"]),
  pow: of("y = aᵇ", ["da = dy · b aᵇ⁻¹", "b aᵇ⁻¹"], ["db = dy · y log a", "y log a"]),
  max: of("y = max(a, b)", ["da = dy · 1[a ≥ b]", "1[a ≥ b]"], ["db = dy · 1[a < b]", "1[a < b]"]),
  min: of("y = min(a, b)", ["da = dy · 1[a ≤ b]", "1[a ≤ b]"], ["db = dy · 1[a > b]", "1[a > b]"]),
};

const products: Readonly<Record<string, Formula>> = {
  matMul: of("y = a b,  y[i,j] = Σₚ a[i,p] b[p,j]", ["da = dy bᵀ", "b[p,j]"], ["db = aᵀ dy", "a[i,p]"]),
  conv2d: of(
    "y = x ∗ w,  y[n,i,j,o] = Σ x[n, i+p, j+q, c] w[p,q,c,o]",
    ["dx: every pixel gets back dy times the weights it was multiplied by", "w[p,q,c,o]"],
    ["dw: every weight gets dy times the pixels it was multiplied by", "x[n, i+p, j+q, c]"],
  ),
  conv2dInputGrad: of(
    "y = the transposed convolution of x with w: every x is spread over the window, times w",
    ["dx = dy ∗ w, a convolution", "w[p,q,c,o]"],
    ["dw: every weight gets dy times the x it was multiplied by", "x"],
  ),
  conv2dWeightGrad: of("y = the gradient of a convolution's weights", ["dx", "dy"], ["d(dy)", "x"]),
};

const sameNumbers = (forward: string, back: string): Formula => of(forward, [`dx = ${back}`, "1"]);

const moves: Readonly<Record<string, Formula>> = {
  reshape: sameNumbers("y = x under another shape", "dy under x's shape"),
  transpose: sameNumbers("y = x with its axes in another order", "dy with the axes put back"),
  slice: sameNumbers("y = a block of x", "dy in its place, zeros around it"),
  stridedSlice: sameNumbers("y = every so-manieth element of x", "dy in its places, zeros between"),
  pad: sameNumbers("y = x with zeros around it", "the part of dy that is x's"),
  flip: sameNumbers("y = x with axes reversed", "dy with the axes reversed again"),
  concatenate: of("y = the inputs side by side", ["dxₖ = the part of dy that is xₖ's", "1"]),
  broadcastTo: sameNumbers("y = x repeated", "the sum of dy over the copies"),
  depthToSpace: sameNumbers("y = channels spread over blocks of pixels", "dy folded back"),
  spaceToDepth: sameNumbers("y = blocks of pixels folded into channels", "dy spread back"),
  gather: of("y = the rows of x that the indices name", [
    "dx[r] = Σ dy over the places that row r went to",
    "1[the index names the row]",
  ]),
  accumulate: of("y = a + b", ["da = dy", "1"], ["db = dy", "1"]),
  where: of(
    "y = a where the condition holds, else b",
    ["da = dy where it holds, else 0", "1"],
    ["db = dy where it does not, else 0", "1"],
  ),
};

const overAxes: Readonly<Record<string, Formula>> = {
  sum: of("y = Σ x", ["dx = dy, repeated", "1"]),
  mean: of("y = Σ x / n", ["dx = dy / n, repeated", "1/n"]),
  max: of("y = max x over the axes", ["dx = dy at the maximum, 0 elsewhere", "1[x = y], shared by ties"]),
  min: of("y = min x over the axes", ["dx = dy at the minimum, 0 elsewhere", "1[x = y], shared by ties"]),
  softmax: of("yᵢ = e^xᵢ / Σ e^xⱼ", ["dx = y · (dy − Σ dy y)", "yⱼ (1[i=j] − yᵢ)"]),
  logSoftmax: of("yᵢ = xᵢ − log Σ e^xⱼ", ["dx = dy − e^y Σ dy", "1[i=j] − e^yᵢ"]),
  normalize: of("y = (x − mean) s,  s = 1/√(variance + ε)", [
    "dx = s (dy − mean(dy) − y mean(dy y))",
    "s (1[i=j] − 1/n − yᵢ yⱼ/n)",
  ]),
  inverseStd: of("s = 1/√(variance + ε)", ["dx = −ds s² y / n", "−s² y / n"]),
  averagePool2d: of("y = the mean of the window", ["dx = dy spread evenly over the window", "1/n"]),
  maxPool2d: of("y = the largest of the window", ["dx = dy at the window's maximum, 0 elsewhere", "1"]),
  resize2d: of("y = x resized", [
    "dx: every dy is added where its y was read from",
    "the weight it was read with",
  ]),
};

/** The formula of an operation on the tape; `inputs` tells max of two tensors from max over axes. Undefined for one of a user's own. */
export function formulaOf(operation: string, inputs: number): Formula | undefined {
  const pick = (table: Readonly<Record<string, Formula>>) =>
    Object.hasOwn(table, operation) ? table[operation] : undefined;
  if (inputs === 2 && pick(ofTwo)) return pick(ofTwo);
  const gradOf = /^(\w+)Grad$/.exec(operation)?.[1];
  if (gradOf !== undefined && Object.hasOwn(unary, gradOf)) return gradientFormula(unary[gradOf]);
  return pick(unary) ?? pick(products) ?? pick(moves) ?? pick(overAxes);
}

/** An activation's gradient is an operation, too. */
const gradientFormula = ({ gradients: [[, slope]] }: Formula): Formula =>
  of(`y = g · ${slope}`, [`g · d(${slope})`, "the second derivative"], [`dg = dy · ${slope}`, slope]);

/** The line for one input: the last one stands for all further ones, as with concatenate. */
export const gradientOf = (formula: Formula, input: number): readonly [string, string] =>
  formula.gradients[Math.min(input, formula.gradients.length - 1)];
