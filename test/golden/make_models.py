"""Writes models.json: what PyTorch computes for Fovea's models, losses, layers and optimisers.

    python3 test/golden/make_models.py        (made with PyTorch 1.13)

Everything is in float64. Weights and inputs are not stored: both sides make them from the same small generator
(numbers(seed, n), below and in models.test.ts), weights in PyTorch's order and layout. Images are NHWC in the file.
"""

import json
import math
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def numbers(seed, n, low=-1.0, high=1.0):
    """minstd, state = 48271 state mod 2^31 - 1, exact in doubles everywhere; rounded to float32, which weights files hold."""
    state, out = (seed * 7919 + 1) % 2147483647, []
    for _ in range(n):
        state = state * 48271 % 2147483647
        out.append(low + (high - low) * state / 2147483647)
    return torch.tensor(out).float().double()


def images(seed, *shape, low=0.0, high=1.0):
    return numbers(seed, math.prod(shape), low, high).reshape(shape)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def flat(t):
    return [float(f"{v:.12g}") for v in t.detach().reshape(-1).tolist()]


def fill(module):
    """Parameter i in order of definition gets numbers(100 + i, ...), within 1.5/sqrt(fan in)."""
    with torch.no_grad():
        for i, p in enumerate(module.parameters()):
            limit = 1.5 / math.sqrt(p[0].numel()) if p.dim() > 1 else 0.1
            p.copy_(numbers(100 + i, p.numel(), -limit, limit).reshape(p.shape))


# --- the models, as in the description of the project: PyTorch defines what Fovea's must compute ---------------------
class ConvAE(nn.Module):
    def __init__(s):
        super().__init__()
        s.e1, s.e2, s.e3 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, 2, 1), nn.Conv2d(64, 128, 3, 2, 1)
        s.d3, s.d2, s.d1 = nn.Conv2d(128, 64, 3, padding=1), nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 1, 3, padding=1)

    def forward(s, x):
        a = F.relu(s.e1(x))
        b = F.relu(s.e2(a))
        c = F.relu(s.e3(b))
        d = F.relu(s.d3(F.interpolate(c, scale_factor=2))) + b
        e = F.relu(s.d2(F.interpolate(d, scale_factor=2))) + a
        return x - s.d1(e)


class Residual(nn.Module):
    def __init__(s, n):
        super().__init__()
        s.a, s.b = (nn.Conv2d(n, n, 3, padding=1, bias=False) for _ in range(2))

    def forward(s, x):
        return x + s.b(F.relu(s.a(x)))


class UNet(nn.Module):
    def __init__(s, widths, blocks):
        super().__init__()
        level = lambda n: nn.Sequential(*[Residual(n) for _ in range(blocks)])
        s.head, s.tail = nn.Conv2d(5, widths[0], 3, padding=1, bias=False), nn.Conv2d(widths[0], 4, 3, padding=1, bias=False)
        s.enc, s.dec = nn.ModuleList(map(level, widths)), nn.ModuleList(map(level, widths[:-1]))
        s.down = nn.ModuleList([nn.Conv2d(a, b, 2, 2, bias=False) for a, b in zip(widths, widths[1:])])
        s.up = nn.ModuleList([nn.ConvTranspose2d(b, a, 2, 2, bias=False) for a, b in zip(widths, widths[1:])])

    def forward(s, x, sigma):
        z, skips = F.pixel_unshuffle(x, 2), []
        z = s.head(torch.cat([z, sigma.view(-1, 1, 1, 1).expand(z.shape[0], 1, *z.shape[2:])], 1))
        for i, e in enumerate(s.enc):
            z = e(z)
            if i < len(s.down):
                skips.append(z)
                z = s.down[i](z)
        for i in reversed(range(len(s.down))):
            z = s.dec[i](s.up[i](z) + skips[i])
        return x - F.pixel_shuffle(s.tail(z), 2)


class DenseAE(nn.Module):
    """784-256-32-256-784 in small: 30-12-5-12-30."""

    def __init__(s):
        super().__init__()
        s.encoder = nn.ModuleList([nn.Linear(30, 12), nn.Linear(12, 5)])
        s.decoder = nn.ModuleList([nn.Linear(5, 12), nn.Linear(12, 30)])

    def forward(s, x):
        y = x.reshape(len(x), -1)
        for layer in [*s.encoder, s.decoder[0]]:
            y = F.relu(layer(y))
        return torch.sigmoid(s.decoder[1](y)).reshape(x.shape)


class DnCNN(nn.Module):
    def __init__(s):
        super().__init__()
        s.model = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 3, 3, padding=1))

    def forward(s, x):
        return x - s.model(x)


def golden(model, inputs, target, loss):
    """Output, loss, gradients (their norms and first eight numbers, in PyTorch's layout), and ten losses under Adam."""
    fill(model)
    y = model(*inputs)
    value = loss(y, target)
    value.backward()
    gradients = {
        name: {"norm": float(p.grad.norm()), "first": flat(p.grad.reshape(-1)[:8])} for name, p in model.named_parameters()
    }
    optimizer, losses = torch.optim.Adam(model.parameters(), 1e-3), []
    for _ in range(10):
        optimizer.zero_grad()
        step = loss(model(*inputs), target)
        step.backward()
        optimizer.step()
        losses.append(float(step))
    return {
        "parameters": {name: list(p.shape) for name, p in model.named_parameters()},
        "output": flat(nhwc(y) if y.dim() == 4 else y),
        "loss": float(value),
        "gradients": gradients,
        "losses": losses,
    }


x, t = images(1, 2, 8, 8, 1), images(2, 2, 8, 8, 1)
colour, clean = images(3, 1, 6, 5, 3), images(4, 1, 6, 5, 3)
models = {
    "conv-autoencoder": golden(ConvAE(), [nchw(x)], nchw(t), F.mse_loss),
    "unet": golden(UNet((4, 6, 8), 1), [nchw(x), torch.tensor([0.1, 0.2])], nchw(t), F.l1_loss),
    "dncnn": golden(DnCNN(), [nchw(colour)], nchw(clean), F.mse_loss),
    "dense-autoencoder": golden(DenseAE(), [images(5, 4, 30)], images(6, 4, 30), F.binary_cross_entropy),
}

# --- losses: value and gradient in the prediction -------------------------------------------------------------------
losses = {}


def loss(name, f, prediction, target):
    prediction.requires_grad_()
    value = f(prediction, target)
    (gradient,) = torch.autograd.grad(value, prediction)
    losses[name] = {"value": float(value), "gradient": flat(gradient)}


def ssim_loss(p, t):
    """Wang et al. (2004) by plain convolutions; skimage and the published figures agree with it (see the image tests)."""
    taps = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window = torch.outer(taps, taps)
    c = p.shape[3]
    window = (window / window.sum()).expand(c, 1, 11, 11)
    blur = lambda z: F.conv2d(nchw(z), window, groups=c)
    m, n = blur(p), blur(t)
    vp, vt, cov = blur(p * p) - m * m, blur(t * t) - n * n, blur(p * t) - m * n
    c1, c2 = 0.01**2, 0.03**2
    return 1 - ((2 * m * n + c1) * (2 * cov + c2) / ((m * m + n * n + c1) * (vp + vt + c2))).mean()


p, t = images(7, 3, 8), images(8, 3, 8)
logits = images(9, 3, 8, low=-4, high=4)
rows = images(10, 3, 8)
rows = rows / rows.sum(1, keepdim=True)
loss("meanSquaredError", F.mse_loss, p, t)
loss("meanAbsoluteError", F.l1_loss, p, t)
loss("charbonnier", lambda p, t: torch.sqrt((p - t) ** 2 + 1e-6).mean(), p, t)
loss("binaryCrossentropy", F.binary_cross_entropy, p, t)
loss("binaryCrossentropy from logits", F.binary_cross_entropy_with_logits, logits, t)
loss("binaryCrossentropy from large logits", F.binary_cross_entropy_with_logits, 100 * logits.detach(), t)
loss("categoricalCrossentropy from logits", F.cross_entropy, logits, rows)
loss("categoricalCrossentropy from large logits", F.cross_entropy, 100 * logits.detach(), rows)
loss("categoricalCrossentropy", lambda q, t: -(t * q.log()).sum(1).mean(), torch.softmax(logits.detach(), 1), rows)
loss("ssimLoss", ssim_loss, images(11, 2, 13, 12, 2), images(12, 2, 13, 12, 2))

# --- normalisation layers -------------------------------------------------------------------------------------------
x, dy = images(13, 2, 3, 4, 5), images(14, 2, 3, 4, 5, low=-1)
gamma, beta = numbers(15, 5, 0.5, 1.5).requires_grad_(), numbers(16, 5).requires_grad_()
normalization = {}


def layer(name, f):
    z = x.clone().requires_grad_()
    y = f(z)
    grads = torch.autograd.grad(y, [z, gamma, beta], dy)
    normalization[name] = {"output": flat(y), **{k: flat(g) for k, g in zip(["x", "gamma", "beta"], grads)}}


mean, variance = numbers(17, 5), numbers(18, 5, 0.5, 2)
normalization["movingMean"], normalization["movingVariance"] = flat(mean), flat(variance)
batch = lambda z, training: nhwc(F.batch_norm(nchw(z), mean, variance, gamma, beta, training, 0.1, 1e-3))
layer("inference", lambda z: batch(z, False))
layer("training", lambda z: batch(z, True))
# PyTorch's moving variance takes the unbiased estimate, Fovea's (as Keras's) the biased one: undone here, n = 24.
old = torch.tensor(normalization["movingVariance"])
normalization["movedMean"] = flat(mean)
normalization["movedVariance"] = flat(0.9 * old + (variance - 0.9 * old) * 23 / 24)
layer("layer", lambda z: F.layer_norm(z, [5], gamma, beta, 1e-3))

# --- optimisers: ten steps on a small curved function, sum (p - a)^4 + sum p q ----------------------------------------
optimizers = {}


def optimize(name, make, clip=None):
    p, q = numbers(19, 6).requires_grad_(), numbers(20, 6).requires_grad_()
    optimizer = make([p, q])
    for _ in range(10):
        optimizer.zero_grad()
        (((p - 0.5) ** 4).sum() + (p * q).sum()).backward()
        if clip:
            clip([p, q])
        optimizer.step()
    optimizers[name] = {"p": flat(p), "q": flat(q)}


optimize("sgd", lambda ps: torch.optim.SGD(ps, 0.05))
optimize("momentum", lambda ps: torch.optim.SGD(ps, 0.05, momentum=0.9))
optimize("nesterov", lambda ps: torch.optim.SGD(ps, 0.05, momentum=0.9, nesterov=True, weight_decay=0.1))
optimize("adam", lambda ps: torch.optim.Adam(ps, 0.05, betas=(0.8, 0.99)))
optimize("adamw", lambda ps: torch.optim.AdamW(ps, 0.05, weight_decay=0.3))
optimize("clipValue", lambda ps: torch.optim.SGD(ps, 0.05), lambda ps: nn.utils.clip_grad_value_(ps, 0.5))


def clip_norm(ps):
    """clip_grad_norm_ without its 1e-6 in the denominator."""
    norm = torch.sqrt(sum((p.grad**2).sum() for p in ps))
    for p in ps:
        p.grad *= min(1, 0.7 / float(norm))


optimize("globalClipNorm", lambda ps: torch.optim.SGD(ps, 0.05), clip_norm)

result = {"models": models, "losses": losses, "normalization": normalization, "optimizers": optimizers}
path = pathlib.Path(__file__).with_name("models.json")
path.write_text(json.dumps(result, separators=(",", ":")).replace('},"', '},\n"') + "\n")
print(path, path.stat().st_size, "bytes")
