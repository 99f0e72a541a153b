"""PyTorch on the shapes of a file for `fovea bench --shapes`, channels first or last, whichever is faster.

usage: python3 bench/torch-shapes.py FILE [SECONDS]      one JSON object a shape: {work, value, best, unit}, on 2 threads
needs: PyTorch (Debian's python3-torch); OPENBLAS_CORETYPE=SkylakeX where its OpenBLAS does not know the processor
"""
import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "2"
import torch  # noqa: E402, as it reads the environment

torch.set_num_threads(2)
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 0.25


def seconds(run):
    """The median and the best of repetitions for SECONDS, after two that are not counted."""
    times = []
    for _ in range(2):
        run()
    start = time.perf_counter()
    while time.perf_counter() - start < SECONDS or len(times) < 5:
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    times.sort()
    return times[len(times) // 2], times[0]


def product(shape):
    a, b = torch.randn(shape["a"][1:]), torch.randn(shape["b"][1:])
    a, b = a.t() if shape["transposeA"] else a, b.t() if shape["transposeB"] else b
    return 2 * a.shape[0] * a.shape[1] * b.shape[1], seconds(lambda: torch.mm(a, b))


def convolution(shape):
    n, h, w, ci = shape["x"]
    kh, kw, group, co = shape["w"]
    stride, padding, dilation, groups = shape["stride"], shape["padding"], shape["dilation"], ci // group
    wanted = [shape["kernel"] == "conv2dInputGrad", shape["kernel"] == "conv2dWeightGrad", False]
    times = []
    for layout in (torch.contiguous_format, torch.channels_last):
        x = torch.randn(n, ci, h, w).contiguous(memory_format=layout)
        kernel = torch.randn(co, group, kh, kw).contiguous(memory_format=layout)
        forward = lambda: torch.nn.functional.conv2d(x, kernel, None, stride, padding, dilation, groups)
        dy = torch.randn_like(forward())
        backward = lambda: torch.ops.aten.convolution_backward(
            dy, x, kernel, None, [stride] * 2, [padding] * 2, [dilation] * 2, False, [0, 0], groups, wanted)
        times.append(seconds(backward if any(wanted) else forward))
    return 2 * dy.numel() * group * kh * kw, tuple(min(each) for each in zip(*times))


with torch.no_grad(), open(sys.argv[1]) as lines:
    for line in lines:
        shape = json.loads(line)
        flops, (median, best) = (product if shape["kernel"] == "matmul" else convolution)(shape)
        dims = [shape[key] for key in ("a", "b", "x", "w") if key in shape]
        name = "-".join([shape["kernel"]] + ["x".join(map(str, d)) for d in dims])
        print(json.dumps(dict(work=name, value=round(flops / median / 1e9, 2), best=round(flops / best / 1e9, 2),
                              unit="GFLOP/s")), flush=True)
