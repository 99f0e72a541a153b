"""Small networks of the architectures that src/formats/networks knows, with random weights, and what PyTorch computes with them.
The definitions follow the authors' papers and repositories, with their names of tensors; PyTorch 2.13 wrote networks.safetensors:
    python3 test/golden/make_networks.py
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from make_networks_scunet import SCUNet

torch.manual_seed(34)


def conv(i, o, k=3, bias=True, **more):
    return nn.Conv2d(i, o, k, padding=more.pop("padding", k // 2), bias=bias, **more)


class Chain(nn.Module):
    """DnCNN, IRCNN, FDnCNN and FFDNet of KAIR."""

    def __init__(self, inputs, outputs, width, dilations, norm=False):
        super().__init__()
        layers = []
        for i, d in enumerate(dilations):
            first, last = i == 0, i == len(dilations) - 1
            layers.append(conv(inputs if first else width, outputs if last else width, padding=d, dilation=d))
            if norm and not first and not last:
                layers.append(nn.BatchNorm2d(width, eps=1e-4))
            if not last:
                layers.append(nn.ReLU())
        self.model = nn.Sequential(*layers)


class Residual(Chain):
    def forward(self, x):
        return x - self.model(x)


def level(x, sigma):
    return torch.cat([x, sigma.view(-1, 1, 1, 1).repeat(1, 1, *x.shape[2:])], 1)


class FDnCNN(Chain):
    def forward(self, x, sigma):
        return self.model(level(x, sigma))


class FFDNet(Chain):
    def forward(self, x, sigma):
        return F.pixel_shuffle(self.model(level(F.pixel_unshuffle(x, 2), sigma)), 2)


class ResBlock(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.res = nn.Sequential(conv(n, n, bias=False), nn.ReLU(), conv(n, n, bias=False))

    def forward(self, x):
        return x + self.res(x)


class DRUNet(nn.Module):
    def __init__(self, channels, widths, blocks):
        super().__init__()
        a, b, c, d = widths
        many = lambda n: [ResBlock(n) for _ in range(blocks)]
        down = lambda i, o: nn.Sequential(*many(i), conv(i, o, 2, False, stride=2, padding=0))
        up = lambda i, o: nn.Sequential(nn.ConvTranspose2d(i, o, 2, 2, bias=False), *many(o))
        self.m_head, self.m_tail = conv(channels + 1, a, bias=False), conv(a, channels, bias=False)
        self.m_down1, self.m_down2, self.m_down3 = down(a, b), down(b, c), down(c, d)
        self.m_body = nn.Sequential(*many(d))
        self.m_up3, self.m_up2, self.m_up1 = up(d, c), up(c, b), up(b, a)

    def forward(self, x, sigma):
        x1 = self.m_head(level(x, sigma))
        x2 = self.m_down1(x1)
        x3 = self.m_down2(x2)
        x4 = self.m_down3(x3)
        y = self.m_up3(self.m_body(x4) + x4)
        return self.m_tail(self.m_up1(self.m_up2(y + x3) + x2) + x1)


class Compact(nn.Module):
    def __init__(self, width, convs, scale):
        super().__init__()
        self.scale = scale
        layers = [conv(3, width), nn.PReLU(width)]
        for _ in range(convs):
            layers += [conv(width, width), nn.PReLU(width)]
        self.body = nn.ModuleList([*layers, conv(width, 3 * scale**2)])

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer(y)
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale, mode="nearest")


class Conv3X3(nn.Module):
    def __init__(self, i, o, act):
        super().__init__()
        self.conv3x3 = conv(i, o)
        self.act = nn.PReLU(o) if act else nn.Identity()

    def forward(self, x):
        return self.act(self.conv3x3(x))


class PlainSR(nn.Module):
    def __init__(self, width, scale):
        super().__init__()
        self.scale = scale
        self.backbone = nn.Sequential(Conv3X3(1, width, True), Conv3X3(width, width, True), Conv3X3(width, scale**2, False))

    def forward(self, x):
        return F.pixel_shuffle(self.backbone(x) + x, self.scale)


class Dense(nn.Module):
    """With residuals inside where it is of ESRGAN+."""

    def __init__(self, n, g, plus):
        super().__init__()
        for i in range(1, 6):
            setattr(self, f"conv{i}", conv(n + (i - 1) * g, n if i == 5 else g))
        self.conv1x1 = conv(n, g, 1, False) if plus else None

    def forward(self, x):
        act = lambda y: F.leaky_relu(y, 0.2)
        x1 = act(self.conv1(x))
        x2 = act(self.conv2(torch.cat((x, x1), 1)))
        if self.conv1x1:
            x2 = x2 + self.conv1x1(x)
        x3 = act(self.conv3(torch.cat((x, x1, x2), 1)))
        x4 = act(self.conv4(torch.cat((x, x1, x2, x3), 1)))
        if self.conv1x1:
            x4 = x4 + x2
        return self.conv5(torch.cat((x, x1, x2, x3, x4), 1)) * 0.2 + x


class RRDB(nn.Module):
    def __init__(self, n, g, plus):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = Dense(n, g, plus), Dense(n, g, plus), Dense(n, g, plus)

    def forward(self, x):
        return self.rdb3(self.rdb2(self.rdb1(x))) * 0.2 + x


class RRDBNet(nn.Module):
    def __init__(self, n, g, fold=1, ups=2, plus=False):
        super().__init__()
        self.fold, self.ups = fold, ups
        self.conv_first, self.conv_body = conv(3 * fold**2, n), conv(n, n)
        self.body = nn.Sequential(RRDB(n, g, plus), RRDB(n, g, plus))
        for i in range(1, ups + 1):
            setattr(self, f"conv_up{i}", conv(n, n))
        self.conv_hr, self.conv_last = conv(n, n), conv(n, 3)

    def forward(self, x):
        act = lambda y: F.leaky_relu(y, 0.2)
        first = self.conv_first(F.pixel_unshuffle(x, self.fold) if self.fold > 1 else x)
        y = first + self.conv_body(self.body(first))
        for i in range(1, self.ups + 1):
            y = act(getattr(self, f"conv_up{i}")(F.interpolate(y, scale_factor=2, mode="nearest")))
        return self.conv_last(act(self.conv_hr(y)))


class Conv3XC(nn.Module):
    """Three convolutions in a row beside one, merged by convolving the kernels."""

    def __init__(self, i, o):
        super().__init__()
        self.sk = conv(i, o, 1)
        self.conv = nn.Sequential(conv(i, 2 * i, 1), conv(2 * i, 2 * o, 3, padding=0), conv(2 * o, o, 1))
        self.eval_conv = conv(i, o)

    def forward(self, x):
        # The chain on a picture padded by 2, where zeros become what the biases make of them; inside it is a plain convolution.
        unit = torch.eye(x.shape[1]).view(x.shape[1], x.shape[1], 1, 1)
        bias = self.conv(torch.zeros(1, x.shape[1], 3, 3)).view(-1)
        kernel = (self.conv(F.pad(unit, [2, 2, 2, 2])) - bias.view(1, -1, 1, 1)).flip(2, 3).permute(1, 0, 2, 3)
        y = F.conv2d(x, kernel, bias, padding=1)
        return y + self.sk(x)


class SPAB(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r = Conv3XC(n, n), Conv3XC(n, n), Conv3XC(n, n)

    def forward(self, x):
        first = F.silu(self.c1_r(x))
        third = self.c3_r(F.silu(self.c2_r(first)))
        return (third + x) * (torch.sigmoid(third) - 0.5), first


class SPAN(nn.Module):
    def __init__(self, n, scale):
        super().__init__()
        self.conv_1, self.conv_2 = Conv3XC(3, n), Conv3XC(n, n)
        for i in range(1, 7):
            setattr(self, f"block_{i}", SPAB(n))
        self.conv_cat = conv(4 * n, n, 1)
        self.upsampler = nn.Sequential(conv(n, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x):
        first = self.conv_1((x - torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)) * 255)
        y, answers = first, []
        for i in range(1, 7):
            y, inner = getattr(self, f"block_{i}")(y)
            answers.append(y)
        return self.upsampler(self.conv_cat(torch.cat([first, self.conv_2(y), answers[0], inner], 1)))


class ESA(nn.Module):
    def __init__(self, n, f):
        super().__init__()
        self.conv1, self.conv_f, self.conv4 = conv(n, f, 1), conv(f, f, 1), conv(f, n, 1)
        self.conv2, self.conv3 = conv(f, f, 3, stride=2, padding=0), conv(f, f)

    def forward(self, x):
        a = self.conv1(x)
        small = self.conv3(F.max_pool2d(self.conv2(a), 7, 3))
        large = F.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(large + self.conv_f(a)))


class RLFB(nn.Module):
    def __init__(self, n, m, f):
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r, self.c5, self.esa = conv(n, m), conv(m, m), conv(m, n), conv(n, n, 1), ESA(n, f)

    def forward(self, x):
        act = lambda y: F.leaky_relu(y, 0.05)
        return self.esa(self.c5(act(self.c3_r(act(self.c2_r(act(self.c1_r(x)))))) + x))


class RLFN(nn.Module):
    def __init__(self, n, m, f, scale):
        super().__init__()
        self.conv_1, self.conv_2 = conv(3, n), conv(n, n)
        self.block_1, self.block_2 = RLFB(n, m, f), RLFB(n, m, f)
        self.upsampler = nn.Sequential(conv(n, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x):
        first = self.conv_1(x)
        return self.upsampler(self.conv_2(self.block_2(self.block_1(first))) + first)


class Norm(nn.Module):
    """Every pixel over its channels."""

    def __init__(self, n):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(n)), nn.Parameter(torch.zeros(n))

    def forward(self, x):
        return F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6).permute(0, 3, 1, 2)


class SAFM(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.mfr = nn.ModuleList([conv(n // 4, n // 4, groups=n // 4) for _ in range(4)])
        self.aggr = conv(n, n, 1)

    def forward(self, x):
        h, w = x.shape[2:]
        parts = [self.mfr[0](x.chunk(4, 1)[0])]
        for i in (1, 2, 3):
            small = F.adaptive_max_pool2d(x.chunk(4, 1)[i], (h // 2**i, w // 2**i))
            parts.append(F.interpolate(self.mfr[i](small), (h, w), mode="nearest"))
        return F.gelu(self.aggr(torch.cat(parts, 1))) * x


class CCM(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.ccm = nn.Sequential(conv(n, 2 * n), nn.GELU(), conv(2 * n, n, 1))

    def forward(self, x):
        return self.ccm(x)


class AttBlock(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.norm1, self.norm2, self.safm, self.ccm = Norm(n), Norm(n), SAFM(n), CCM(n)

    def forward(self, x):
        x = self.safm(self.norm1(x)) + x
        return self.ccm(self.norm2(x)) + x


class SAFMN(nn.Module):
    def __init__(self, n, scale):
        super().__init__()
        self.to_feat = conv(3, n)
        self.feats = nn.Sequential(AttBlock(n), AttBlock(n))
        self.to_img = nn.Sequential(conv(n, 3 * scale**2), nn.PixelShuffle(scale))

    def forward(self, x):
        x = self.to_feat(x)
        return self.to_img(self.feats(x) + x)


class NAFBlock(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.norm1, self.norm2 = Norm(n), Norm(n)
        self.conv1, self.conv2, self.conv3 = conv(n, 2 * n, 1), conv(2 * n, 2 * n, groups=2 * n), conv(n, n, 1)
        self.sca = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(n, n, 1))
        self.conv4, self.conv5 = conv(n, 2 * n, 1), conv(n, n, 1)
        self.beta, self.gamma = nn.Parameter(torch.zeros(1, n, 1, 1)), nn.Parameter(torch.zeros(1, n, 1, 1))

    def forward(self, x):
        gate = lambda y: y.chunk(2, 1)[0] * y.chunk(2, 1)[1]
        y = gate(self.conv2(self.conv1(self.norm1(x))))
        first = x + self.conv3(y * self.sca(y)) * self.beta
        return first + self.conv5(gate(self.conv4(self.norm2(first)))) * self.gamma


class NAFNet(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.intro, self.ending = conv(3, n), conv(n, 3)
        self.encoders = nn.ModuleList([nn.Sequential(NAFBlock(n)), nn.Sequential(NAFBlock(2 * n), NAFBlock(2 * n))])
        self.downs = nn.ModuleList([conv(n, 2 * n, 2, stride=2, padding=0), conv(2 * n, 4 * n, 2, stride=2, padding=0)])
        self.middle_blks = nn.Sequential(NAFBlock(4 * n))
        up = lambda i: nn.Sequential(conv(i, 2 * i, 1, False), nn.PixelShuffle(2))
        self.ups = nn.ModuleList([up(4 * n), up(2 * n)])
        self.decoders = nn.ModuleList([nn.Sequential(NAFBlock(2 * n)), nn.Sequential(NAFBlock(n))])

    def forward(self, x):
        y, seen = self.intro(x), []
        for encoder, down in zip(self.encoders, self.downs):
            y = encoder(y)
            seen.append(y)
            y = down(y)
        y = self.middle_blks(y)
        for decoder, up, skip in zip(self.decoders, self.ups, seen[::-1]):
            y = decoder(up(y) + skip)
        return self.ending(y) + x


def renamed(state, layers, block):
    """Under other names, those of the layers in the blocks by what `block` makes of block, dense block and layer."""
    result = {}
    for name, t in state.items():
        layer, part = name.rsplit(".", 1)
        if layer.startswith("body."):
            _, i, rdb, c = layer.split(".")
            layer = block(i, rdb.upper(), c)
        result[f"{layers.get(layer, layer)}.{part}"] = t
    return result


def oldest_names(state):
    """What the first ESRGAN, ESRGAN+ and most networks of OpenModelDB call them: by their places."""
    ups = sum(name.startswith("conv_up") for name in state) // 2
    layers = {"conv_first": "model.0", "conv_body": "model.1.sub.2"} | {f"conv_up{i}": f"model.{3 * i}" for i in range(1, ups + 1)}
    layers |= {"conv_hr": f"model.{3 * ups + 2}", "conv_last": f"model.{3 * ups + 4}"}
    return renamed(state, layers, lambda i, rdb, c: f"model.1.sub.{i}.{rdb}.{c}" + ("" if c == "conv1x1" else ".0"))


def second_names(state):
    """What the second ESRGAN, BSRGAN and Real-SR call them."""
    layers = {"conv_body": "trunk_conv", "conv_up1": "upconv1", "conv_up2": "upconv2", "conv_hr": "HRconv"}
    return renamed(state, layers, lambda i, rdb, c: f"RRDB_trunk.{i}.{rdb}.{c}")


ones = [1] * 3
networks = {
    "dncnn": (Residual(1, 1, 6, [1] * 4), 1),
    "dncnn-norm": (Residual(3, 3, 6, [1] * 4, norm=True), 3),
    "ircnn": (Residual(1, 1, 4, [1, 2, 3, 4, 3, 2, 1]), 1),
    "fdncnn": (FDnCNN(4, 3, 6, ones), 3),
    "ffdnet-grey": (FFDNet(5, 4, 8, ones), 1),
    "ffdnet-colour": (FFDNet(13, 12, 8, ones), 3),
    "drunet": (DRUNet(1, [4, 5, 6, 7], 1), 1),
    "compact": (Compact(6, 2, 2), 3),
    "ecbsr": (PlainSR(6, 2), 1),
    "rrdb": (RRDBNet(4, 2), 3),
    "rrdb-fold": (RRDBNet(4, 2, fold=2), 3),
    "rrdb-fold4": (RRDBNet(4, 2, fold=4), 3),
    "rrdb-same": (RRDBNet(4, 2, ups=0), 3),
    "rrdb-plus": (RRDBNet(4, 2, plus=True), 3),
    "span": (SPAN(4, 2), 3),
    "rlfn": (RLFN(6, 8, 4, 2), 3),
    "safmn": (SAFMN(8, 1), 3),
    "nafnet": (NAFNet(2), 3),
    "scunet": (SCUNet(4, [2, 1, 1, 2, 1, 1, 2], heads_of=2, side=4), 3),
}

tensors = {}
for name, (net, channels) in networks.items():
    net.eval()
    for key, t in net.state_dict().items():
        if t.dtype.is_floating_point:
            small = 0.5 / max(1, t[0].numel()) ** 0.5 if t.dim() > 1 else 0.1
            t.copy_(torch.randn_like(t) * small + (1 if key.endswith(("norm1.weight", "norm2.weight", "ln1.weight", "ln2.weight", "running_var")) else 0))
            if key.endswith("running_var"):
                t.abs_()
    size = (40, 72) if name == "scunet" else (16, 24)
    x, sigma = torch.rand(1 if name.startswith(("rr", "s", "rl")) else 2, channels, *size), torch.tensor([0.1, 0.2])
    with torch.no_grad():
        y = net(x, sigma) if name.startswith(("fdncnn", "ffdnet", "drunet")) else net(x)
    state = {k: v for k, v in net.state_dict().items() if v.dtype.is_floating_point}
    for part, t in ({"input": x, "output": y}).items():
        tensors[f"{name}:{part}"] = t
    namings = {name: state}
    if name in ("rrdb-same", "rrdb-plus"):
        namings = {name: oldest_names(state)}
    elif name == "rrdb":
        namings |= {"rrdb-oldest": oldest_names(state), "rrdb-second": second_names(state)}
    for naming, names in namings.items():
        tensors |= {f"{naming}/{key}": t for key, t in names.items()}

header, blob = {}, b""
for key, t in tensors.items():
    raw = t.detach().contiguous().numpy().tobytes()
    header[key] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
    blob += raw
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
path = pathlib.Path(__file__).with_name("networks.safetensors")
path.write_bytes(len(text).to_bytes(8, "little") + text + blob)
print(path, len(text) + len(blob))
