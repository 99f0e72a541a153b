"""Writes classical.json: small pictures, and what OpenCV makes of them where it has one of Fovea's classical methods.

    /usr/bin/python3 test/golden/make_classical.py        (made with OpenCV 4.6, Debian's python3-opencv)

Pixels are base64 of the levels, rows from the top, channels interleaved in the order RGB, 16 bits little-endian. A case's
method is written as `--method` takes it. The last one is the sharpening of this project's first version, step by step.
"""

import base64
import json
import pathlib

import cv2
import numpy as np

rng = np.random.default_rng(31)
pictures = {}
cases = []


def encoded(pixels):
    return base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()


def picture(name, height, width, channels, bits):
    """Waves with an edge and noise, which reach black and white in some places only."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [0.5 + 0.3 * np.sin(x / (3 + c) + y / 7) + 0.25 * (x + y > width + c) - 0.1 for c in range(channels)]
    value = np.clip(np.stack(planes, -1) + rng.normal(0, 0.06, (height, width, channels)), 0.02, 1)
    levels = np.rint(value * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)
    pictures[name] = levels[..., 0] if channels == 1 else levels


picture("grey", 29, 37, 1, 8)
picture("grey in tiles of one size", 24, 32, 1, 8)
picture("grey, 16 bits", 29, 37, 1, 16)
picture("colour", 19, 26, 3, 8)
picture("colour, 16 bits", 19, 26, 3, 16)
picture("one pixel", 1, 1, 1, 8)
picture("one row", 1, 17, 1, 8)
picture("one column", 13, 1, 1, 8)
pictures["constant"] = np.full((9, 11), 77, np.uint8)
pictures["black"] = np.zeros((9, 11), np.uint8)
pictures["white, colour"] = np.full((7, 10, 3), 255, np.uint8)

greys = ["grey", "grey in tiles of one size", "one pixel", "one row", "one column", "constant", "black"]
grey16, colour, colour16, white = "grey, 16 bits", "colour", "colour, 16 bits", "white, colour"


def top(p):
    return np.iinfo(p.dtype).max


def add(method, names, make):
    for name in names:
        pixels = make(pictures[name].copy())
        channels = 1 if pixels.ndim == 2 else 3
        cases.append({"method": method, "picture": name, "channels": channels, "pixels": encoded(pixels)})


def to_grey(p):
    return p if p.ndim == 2 else cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)


def gamma(p, exponent):
    out = np.empty_like(p)
    cv2.intensity_transform.gammaCorrection(p, out, exponent)
    return out


def magnitude(p):
    return cv2.magnitude(cv2.Sobel(p, cv2.CV_64F, 1, 0, ksize=3), cv2.Sobel(p, cv2.CV_64F, 0, 1, ksize=3))


def sharpen(p):
    grey = to_grey(p)
    smoothed = cv2.filter2D(grey, -1, cv2.getGaussianKernel(3, 0))
    return np.clip(grey + magnitude(smoothed), 0, top(p)).astype(p.dtype)


add("grey", [*greys, colour, colour16, white], to_grey)
add("equalize", greys, cv2.equalizeHist)
for clip, tiles in [(2, 8), (4.5, 3), (40, 4), (0.5, 1)]:
    add(f"clahe:clip={clip},tiles={tiles}", [*greys, grey16], lambda p: cv2.createCLAHE(clip, (tiles, tiles)).apply(p))
# A picture of one level becomes black in OpenCV; Fovea leaves it.
add("stretch:clip=0", [*greys[:2], "one row", "one column", grey16, colour, colour16],
    lambda p: cv2.normalize(p, None, 0, top(p), cv2.NORM_MINMAX))
for exponent in [0.45, 0.8, 2.2]:
    add(f"gamma:gamma={exponent}", [*greys, colour, white], lambda p: gamma(p, exponent))
for sigma in [0.3, 1, 1.7, 6]:
    add(f"gaussian:sigma={sigma}", [*greys, grey16, colour, colour16, white], lambda p: cv2.GaussianBlur(p, (0, 0), sigma))
for size in [1, 3, 5]:
    add(f"median:size={size}", [*greys, grey16, colour, colour16], lambda p: cv2.medianBlur(p, size))
for size in [7, 21]:
    add(f"median:size={size}", [*greys, colour], lambda p: cv2.medianBlur(p, size))
for color, space in [(30, 2), (10, 1), (75.5, 3.3)]:
    add(f"bilateral:color={color},space={space}", [*greys, colour, white], lambda p: cv2.bilateralFilter(p, 0, color, space))
for h, template, search in [(10, 7, 21), (25, 5, 11), (3.7, 1, 5)]:
    add(f"nlmeans:h={h},template={template},search={search}", [*greys, colour, white],
        lambda p: cv2.fastNlMeansDenoising(p, None, h, template, search))
for sigma, amount in [(1, 0.5), (2, 1.3), (0.8, 4)]:
    add(f"unsharp:sigma={sigma},amount={amount}", [*greys, grey16],
        lambda p: cv2.addWeighted(p, 1 + amount, cv2.GaussianBlur(p, (0, 0), sigma), -amount, 0))
add("sobel", [*greys, grey16, colour, colour16],
    lambda p: np.clip(np.rint(magnitude(to_grey(p))), 0, top(p)).astype(p.dtype))
add("sharpen", [*greys, grey16, colour, colour16, white], sharpen)

described = {
    name: {
        "width": p.shape[1],
        "height": p.shape[0],
        "channels": 1 if p.ndim == 2 else 3,
        "bitDepth": 8 * p.itemsize,
        "pixels": encoded(p),
    }
    for name, p in pictures.items()
}
path = pathlib.Path(__file__).with_name("classical.json")
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
path.write_text('{"madeWith":{"opencv":"%s"},"pictures":%s,\n"cases":[\n%s\n]}\n' % (
    cv2.__version__, json.dumps(described, separators=(",", ":")), lines))
print(f"{len(cases)} cases, {path.stat().st_size} bytes")
