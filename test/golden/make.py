"""Writes kernels.json: calls of Fovea's kernels with the results that PyTorch, SciPy and OpenCV give for them.

    python3 test/golden/make.py        (made with PyTorch 1.13, SciPy 1.10, OpenCV 4.6)

Everything is computed in float64 on inputs of three decimals. Fovea's activations are NHWC and its weights HWIO;
PyTorch's are NCHW and OIHW, so tensors are permuted on the way in and out.
"""

import json
import pathlib

import cv2
import numpy as np
import scipy.special
import torch
import torch.nn.functional as F

rng = np.random.default_rng(20)
cases = []


def draw(*shape, low=-2.0, high=2.0):
    return torch.tensor(np.round(rng.uniform(low, high, shape), 3))


def nchw(t):
    return t.permute(0, 3, 1, 2)


def nhwc(t):
    return t.permute(0, 2, 3, 1)


def oihw(t):
    return t.permute(3, 2, 0, 1)


def hwio(t):
    return t.permute(2, 3, 1, 0)


def operand(t):
    array = np.asarray(t.detach() if isinstance(t, torch.Tensor) else t, dtype=np.float64)
    return {"shape": list(array.shape), "data": [float(f"{v:.12g}") for v in array.ravel()]}


def add(name, kernel, inputs, outputs, attributes, tolerance=1e-9):
    """The tolerance is relative to the largest output; the file has 12 significant digits."""
    cases.append(
        {
            "name": name,
            "kernel": kernel,
            "inputs": [operand(t) for t in inputs],
            "outputs": [operand(t) for t in outputs],
            "attributes": attributes,
            "tolerance": tolerance,
        }
    )


def gradients(y, dy, *leaves):
    return torch.autograd.grad(y, leaves, dy)


# --- convolution ----------------------------------------------------------------------------------------------------
def conv(name, x, kernel, co, strides=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1), groups=1, upsample=1):
    """pad is (top, left, bottom, right)."""
    x = draw(*x).requires_grad_()
    w = draw(*kernel, x.shape[3] // groups, co).requires_grad_()
    top, left, bottom, right = pad
    planes = nchw(x).repeat_interleave(upsample, 2).repeat_interleave(upsample, 3)
    planes = F.pad(planes, (left, right, top, bottom))
    y = nhwc(F.conv2d(planes, oihw(w), stride=strides, dilation=dilation, groups=groups))
    dy = draw(*y.shape)
    dx, dw = gradients(y, dy, x, w)
    attributes = {
        "strides": strides,
        "padding": (top, left),
        "dilation": dilation,
        "groups": groups,
        "upsample": upsample,
    }
    add(name, "conv2d", [x, w], [y], attributes)
    add(name, "conv2dInputGrad", [dy, w], [dx], attributes)
    add(name, "conv2dWeightGrad", [x, dy], [dw], attributes)


conv("3x3, same padding", (1, 4, 5, 2), (3, 3), 3, pad=(1, 1, 1, 1))
conv("strides 2 and 3, asymmetric padding", (2, 5, 6, 2), (3, 2), 2, strides=(2, 3), pad=(1, 0, 0, 2))
conv("dilations 2 and 3", (1, 7, 8, 1), (3, 2), 2, dilation=(2, 3), pad=(2, 1, 1, 2))
conv("2 groups, stride 2", (1, 5, 5, 4), (3, 3), 6, strides=(2, 2), pad=(1, 1, 1, 1), groups=2)
conv("depthwise, dilation 2", (1, 6, 5, 3), (3, 3), 3, pad=(2, 2, 2, 2), dilation=(2, 2), groups=3)
conv("upsampled twice", (1, 3, 4, 2), (3, 3), 2, pad=(1, 1, 1, 1), upsample=2)

x, w, bias, residual = draw(1, 3, 4, 2), draw(3, 3, 2, 3), draw(3), draw(1, 3, 4, 3)
y = nhwc(F.conv2d(nchw(x), oihw(w), bias, padding=1)) + residual
plain = {"strides": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
add("bias, residual, relu", "conv2d", [x, w, bias, residual], [F.relu(y)],
    plain | {"epilogue": {"bias": True, "residual": True, "activation": "relu"}})
add("bias, leakyRelu", "conv2d", [x, w, bias], [F.leaky_relu(y - residual, 0.1)],
    plain | {"epilogue": {"bias": True, "activation": "leakyRelu", "alpha": 0.1}})

# A transposed convolution is the input's gradient; its weights are [in, out, kh, kw], here HWIO with I and O exchanged.
small, w, bias = draw(1, 3, 4, 3), draw(3, 3, 2, 3), draw(2)
y = nhwc(F.conv_transpose2d(nchw(small), oihw(w), bias, stride=2, padding=1, output_padding=1))
add("transposed convolution, stride 2, bias", "conv2dInputGrad", [small, w, bias], [y],
    {"strides": (2, 2), "padding": (1, 1), "dilation": (1, 1), "groups": 1, "epilogue": {"bias": True}})

# A gradient folded with the activation behind it: the derivative is taken where the activation's output is `saved`.
pre = draw(1, 4, 4, 2).requires_grad_()
saved = torch.sigmoid(pre)
w, dy = draw(3, 3, 2, 3), draw(1, 4, 4, 3)
(dpre,) = gradients(nhwc(F.conv2d(nchw(saved), oihw(w), padding=1)), dy, pre)
add("gradient of sigmoid", "conv2dInputGrad", [dy, w, saved], [dpre], plain | {"epilogue": {"gradientOf": "sigmoid"}})

# --- matmul ---------------------------------------------------------------------------------------------------------
a, b, bias = draw(2, 3, 4), draw(2, 4, 5), draw(5)
add("batched", "matmul", [a, b], [a @ b], {})
add("both transposed", "matmul", [a.mT, b.mT], [a @ b], {"transposeA": True, "transposeB": True})
add("a repeated, bias, tanh", "matmul", [a[:1], b, bias], [torch.tanh(a[:1] @ b + bias)],
    {"epilogue": {"bias": True, "activation": "tanh"}})

# --- pooling --------------------------------------------------------------------------------------------------------
for name, window, strides, padding in [
    ("2x2", (2, 2), (2, 2), (0, 0)),
    ("3x3, stride 2, padding 1", (3, 3), (2, 2), (1, 1)),
    ("3x2, strides 1 and 2", (3, 2), (1, 2), (1, 0)),
]:
    x = draw(1, 6, 7, 2).requires_grad_()
    attributes = {"window": window, "strides": strides, "padding": padding}
    for kind, y in [
        ("max", nhwc(F.max_pool2d(nchw(x), window, strides, padding))),
        ("average", nhwc(F.avg_pool2d(nchw(x), window, strides, padding, count_include_pad=False))),
    ]:
        dy = draw(*y.shape)
        add(f"{kind}, {name}", "pool2d", [x], [y], attributes | {"kind": kind})
        add(f"{kind}, {name}", "pool2dGrad", [x, dy], gradients(y, dy, x), attributes | {"kind": kind})

# --- resizing: PyTorch's "nearest-exact" and "bilinear" without align_corners take half-pixel centres ----------------
for height, width, out in [(3, 4, (6, 8)), (5, 3, (7, 8)), (7, 6, (3, 4)), (1, 2, (3, 5))]:
    x = draw(1, height, width, 2).requires_grad_()
    for mode, torch_mode in [("nearest", "nearest-exact"), ("bilinear", "bilinear")]:
        y = nhwc(F.interpolate(nchw(x), size=out, mode=torch_mode))
        dy = draw(*y.shape)
        name = f"{mode}, {height}x{width} to {out[0]}x{out[1]}"
        add(name, "resize2d", [x], [y], {"mode": mode})
        add(name, "resize2dGrad", [dy], gradients(y, dy, x), {"mode": mode})
x = draw(1, 5, 4, 1)
y = cv2.resize(x.numpy()[0, :, :, 0], (7, 11), interpolation=cv2.INTER_LINEAR)
add("bilinear as OpenCV, 5x4 to 11x7", "resize2d", [x], [y[None, :, :, None]], {"mode": "bilinear"},
    tolerance=1e-6)  # OpenCV keeps the weights in float32, whatever the image

# --- folding: the channel order is TensorFlow's, (p*block + q)*C + c; PyTorch's is c*block*block + p*block + q -------
for block, channels in [(2, 3), (3, 2)]:
    x = draw(1, 2, 3, block * block * channels)
    in_torch_order = x.reshape(1, 2, 3, block * block, channels).transpose(3, 4).reshape(x.shape)
    y = nhwc(F.pixel_shuffle(nchw(in_torch_order), block))
    add(f"block {block}", "depthToSpace", [x], [y], {"block": block})
    add(f"block {block}", "spaceToDepth", [y], [x], {"block": block})

# --- functions of one variable ----------------------------------------------------------------------------------------
line = torch.cat([torch.linspace(-6, 6, 25, dtype=torch.float64), draw(6)])
ray = torch.tensor([0.01, 0.1, 0.5, 1.0, 2.5, 10.0, 123.4], dtype=torch.float64)
from_output = "relu leakyRelu sigmoid tanh softplus exp sqrt rsqrt reciprocal linear neg".split()
functions = {
    "linear": (line, lambda t: 1 * t),
    "relu": (line, F.relu),
    "leakyRelu": (line, lambda t: F.leaky_relu(t, 0.3)),
    "sigmoid": (line, torch.sigmoid),
    "tanh": (line, torch.tanh),
    "softplus": (line, lambda t: F.softplus(t, threshold=1e9)),
    "silu": (line, F.silu),
    "gelu": (line, lambda t: F.gelu(t, approximate="tanh")),
    "exp": (line, torch.exp),
    "log": (ray, torch.log),
    "sqrt": (ray, torch.sqrt),
    "rsqrt": (ray, torch.rsqrt),
    "square": (line, torch.square),
    "abs": (line, torch.abs),
    "sign": (line, torch.sign),
    "neg": (line, torch.neg),
    "reciprocal": (torch.cat([ray, -ray]), torch.reciprocal),
    "sin": (line, torch.sin),
    "cos": (line, torch.cos),
}
for name, (points, f) in functions.items():
    x = points.clone().requires_grad_()
    y = f(x)
    dy = draw(*x.shape)
    attributes = {"function": name} | ({"alpha": 0.3} if name == "leakyRelu" else {})
    add(name, "unary", [x], [y], attributes)
    add(name, "unaryGrad", [y if name in from_output else x, dy], gradients(y, dy, x), attributes)
far = np.array([-745.0, -100.0, -30.0, 30.0, 100.0, 700.0])
add("sigmoid far out, as SciPy", "unary", [far], [scipy.special.expit(far)], {"function": "sigmoid"})
add("softplus far out, as NumPy", "unary", [far], [np.logaddexp(0, far)], {"function": "softplus"})

# --- functions of two variables, and choices ------------------------------------------------------------------------
a, b = draw(2, 1, 3, 1), draw(4, 1, 2)
for name, f in {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "max": torch.maximum,
    "min": torch.minimum, "greater": torch.gt, "greaterEqual": torch.ge, "less": torch.lt, "lessEqual": torch.le,
    "equal": torch.eq,
}.items():
    add(name, "binary", [a, b], [f(a, b)], {"function": name})
add("pow", "binary", [a.abs(), b], [a.abs() ** b], {"function": "pow"})
c, a, b = draw(3, 4).round(), draw(3, 4), draw(3, 4)
add("where", "select", [c, a, b], [torch.where(c != 0, a, b)], {})

# --- over axes --------------------------------------------------------------------------------------------------------
x = draw(2, 3, 4, 2)
for axes in [(0,), (1, 3), (0, 1, 2)]:
    for name, f in {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}.items():
        add(f"{name} over {list(axes)}", "reduce", [x], [f(x, axes, keepdim=True)], {"function": name, "axes": axes})

x = draw(3, 5, low=-20, high=20)
add("softmax, as SciPy", "softmax", [x], [scipy.special.softmax(x.numpy(), axis=1)], {})
add("log softmax, as SciPy", "softmax", [x], [scipy.special.log_softmax(x.numpy(), axis=1)], {"log": True})

for axis, f in [(0, lambda t: F.batch_norm(t, None, None, training=True, eps=1e-3)),
                (1, lambda t: F.layer_norm(t, t.shape[1:], eps=1e-3))]:
    x = draw(6, 4).requires_grad_()
    y = f(x)
    dy = draw(6, 4)
    mean, variance = x.mean(axis), x.var(axis, unbiased=False)
    inverse = (variance + 1e-3).rsqrt()
    add("batch normalisation" if axis == 0 else "layer normalisation", "normalize", [x], [y, mean, inverse, variance],
        {"axis": axis, "epsilon": 1e-3})
    add("batch normalisation" if axis == 0 else "layer normalisation", "normalizeGrad", [y, inverse, dy],
        gradients(y, dy, x), {"axis": axis})

# --- optimisers: three steps each, every step a call with the state before and after --------------------------------
def optimise(name, kernel, make, state_names, hyper, attributes):
    p = draw(2, 3).requires_grad_()
    optimizer = make([p])
    state = [torch.zeros_like(p) for _ in state_names]
    for step in range(1, 4):
        p.grad = draw(2, 3)
        inputs = [torch.tensor(hyper(step), dtype=torch.float64), p.detach().clone(), p.grad.clone(), *state]
        optimizer.step()
        state = [optimizer.state[p][s].clone() for s in state_names]
        add(f"{name}, step {step}", kernel, inputs, [p.detach().clone(), *state], attributes)


def adam_hyper(decay):
    return lambda t: [0.01, 0.9, 0.999, 1e-8, decay, 1 - 0.9**t, 1 - 0.999**t, 1]


optimise("SGD, momentum", "sgdStep", lambda p: torch.optim.SGD(p, 0.1, 0.9), ["momentum_buffer"],
         lambda t: [0.1, 0.9, 0, 1], {"nesterov": False})
optimise("SGD, Nesterov, weight decay", "sgdStep",
         lambda p: torch.optim.SGD(p, 0.1, 0.9, weight_decay=0.05, nesterov=True), ["momentum_buffer"],
         lambda t: [0.1, 0.9, 0.05, 1], {"nesterov": True})
optimise("Adam", "adamStep", lambda p: torch.optim.Adam(p, 0.01), ["exp_avg", "exp_avg_sq"], adam_hyper(0), {})
optimise("AdamW", "adamStep", lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.2), ["exp_avg", "exp_avg_sq"],
         adam_hyper(0.2), {})

# --- rows by number: PyTorch's embedding -----------------------------------------------------------------------------
table, rows = draw(5, 3).requires_grad_(), torch.tensor([4, 0, 4, 2])
y = F.embedding(rows, table)
dy = draw(4, 3)
add("rows by number, one of them twice", "gather", [table, rows], [y], {})
add("rows by number, one of them twice", "gatherGrad", [dy, rows], gradients(y, dy, table), {})

made_with = {"torch": torch.__version__, "scipy": scipy.__version__, "opencv": cv2.__version__}
path = pathlib.Path(__file__).with_name("kernels.json")
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
path.write_text('{"madeWith":%s,"cases":[\n%s\n]}\n' % (json.dumps(made_with), lines))
print(f"{len(cases)} cases, {path.stat().st_size} bytes")
