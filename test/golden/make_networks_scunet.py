"""SCUNet for make_networks.py, after the authors' paper and repository, with its names of tensors."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class WMSA(nn.Module):
    """Attention within windows: explicitly over every pair of pixels of a window, by loops over windows and heads."""

    def __init__(self, n, heads, side, shifted):
        super().__init__()
        self.heads, self.side, self.shifted = heads, side, shifted
        self.embedding_layer, self.linear = nn.Linear(n, 3 * n), nn.Linear(n, n)
        self.relative_position_params = nn.Parameter(torch.zeros(heads, 2 * side - 1, 2 * side - 1))

    def window(self, x, labels):
        """[side, side, channels] of one window, of which pixels see each other that have the same label."""
        p, n = self.side, x.shape[-1]
        q, k, v = self.embedding_layer(x.reshape(p * p, n)).chunk(3, -1)
        row, column = torch.arange(p).repeat_interleave(p), torch.arange(p).repeat(p)
        dy, dx = row[:, None] - row[None] + p - 1, column[:, None] - column[None] + p - 1
        apart = labels.reshape(-1, 1) != labels.reshape(1, -1)
        d, results = n // self.heads, []
        for h in range(self.heads):
            part = slice(h * d, (h + 1) * d)
            sim = q[:, part] @ k[:, part].T / math.sqrt(d) + self.relative_position_params[h, dy, dx]
            results.append(torch.softmax(sim.masked_fill(apart, -math.inf), -1) @ v[:, part])
        return self.linear(torch.cat(results, -1)).reshape(p, p, n)

    def forward(self, x):
        b, height, width, _ = x.shape
        p, s = self.side, self.side // 2
        labels = torch.zeros(height, width)
        if self.shifted:
            x = x.roll((-s, -s), (1, 2))
            labels[height - s :] += 1
            labels[:, width - s :] += 2
        y = torch.zeros_like(x)
        for i in range(b):
            for top in range(0, height, p):
                for left in range(0, width, p):
                    at = (slice(top, top + p), slice(left, left + p))
                    y[i][at] = self.window(x[i][at], labels[at])
        return y.roll((s, s), (1, 2)) if self.shifted else y


class Block(nn.Module):
    def __init__(self, n, heads, side, shifted):
        super().__init__()
        self.ln1, self.ln2, self.msa = nn.LayerNorm(n), nn.LayerNorm(n), WMSA(n, heads, side, shifted)
        self.mlp = nn.Sequential(nn.Linear(n, 4 * n), nn.GELU(), nn.Linear(4 * n, n))

    def forward(self, x):
        x = x + self.msa(self.ln1(x))
        return x + self.mlp(self.ln2(x))


class ConvTransBlock(nn.Module):
    def __init__(self, n, heads_of, side, shifted):
        super().__init__()
        half = n // 2
        self.trans_block = Block(half, half // heads_of, side, shifted)
        self.conv1_1, self.conv1_2 = nn.Conv2d(n, n, 1), nn.Conv2d(n, n, 1)
        inner = lambda: nn.Conv2d(half, half, 3, padding=1, bias=False)
        self.conv_block = nn.Sequential(inner(), nn.ReLU(), inner())

    def forward(self, x):
        c, t = self.conv1_1(x).chunk(2, 1)
        c = self.conv_block(c) + c
        t = self.trans_block(t.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + self.conv1_2(torch.cat((c, t), 1))


class SCUNet(nn.Module):
    """`heads_of` so many channels (32 in the authors'), windows of `side` pixels (8 there)."""

    def __init__(self, n, config, heads_of, side, channels=3):
        super().__init__()
        self.multiple = 8 * side
        many = lambda level, width: [ConvTransBlock(width, heads_of, side, i % 2 == 1) for i in range(config[level])]
        down = lambda level, width: nn.Sequential(*many(level, width), nn.Conv2d(width, 2 * width, 2, 2, bias=False))
        up = lambda level, width: nn.Sequential(nn.ConvTranspose2d(2 * width, width, 2, 2, bias=False), *many(level, width))
        self.m_head = nn.Sequential(nn.Conv2d(channels, n, 3, padding=1, bias=False))
        self.m_down1, self.m_down2, self.m_down3 = down(0, n), down(1, 2 * n), down(2, 4 * n)
        self.m_body = nn.Sequential(*many(3, 8 * n))
        self.m_up3, self.m_up2, self.m_up1 = up(4, 4 * n), up(5, 2 * n), up(6, n)
        self.m_tail = nn.Sequential(nn.Conv2d(n, channels, 3, padding=1, bias=False))

    def forward(self, x):
        h, w = x.shape[2:]
        x1 = self.m_head(F.pad(x, (0, -w % self.multiple, 0, -h % self.multiple), mode="replicate"))
        x2 = self.m_down1(x1)
        x3 = self.m_down2(x2)
        x4 = self.m_down3(x3)
        y = self.m_up3(self.m_body(x4) + x4)
        return self.m_tail(self.m_up1(self.m_up2(y + x3) + x2) + x1)[..., :h, :w]
