"""torchvision's and OpenCV's side of `rcnn bench ops --peer "python3 scripts/peers/torchvision_ops.py"`, for a machine that has them.

Reads one benchmark's name a line, behind it the number of runs in a row where that is not one; answers with the milliseconds of one, or "-" where there is no such operator. Inputs have the shapes and
ranges of Rcnn.Cli/Benchmarks, from another generator. Threads: the variable RCNN_BENCH_THREADS, device: RCNN_BENCH_DEVICE, which the bench command sets; default 1 and cpu.
"""
import ctypes
import os
import sys
import time

import numpy as np
import torch
import torchvision
from torchvision.models.detection import _utils, anchor_utils, image_list

DEVICE = torch.device(os.environ.get("RCNN_BENCH_DEVICE", "cpu"))
THREADS = int(os.environ.get("RCNN_BENCH_THREADS", "1"))
torch.set_num_threads(THREADS)
try:
    ctypes.CDLL("libopenblas.so.0").openblas_set_num_threads(THREADS)
except OSError:
    pass


def boxes(count, width=640, height=480, low=10, high=200, seed=0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 1, (count, 2)) * (width - 20, height - 20)
    both = np.concatenate([corner, corner + rng.uniform(low, high, (count, 2))], 1)
    both[:, 0::2] = both[:, 0::2].clip(0, width)
    both[:, 1::2] = both[:, 1::2].clip(0, height)
    return torch.from_numpy(both.astype(np.float32)).to(DEVICE)


def pooling(operator, arguments, backward, channels_last):
    features = torch.randn(1, 256, 120, 160, device=DEVICE)
    if channels_last:
        features = features.contiguous(memory_format=torch.channels_last)
    rois = torch.cat([torch.zeros(1000, 1, device=DEVICE), boxes(1000)], 1)
    if not backward:
        return lambda: (lambda: operator(features, rois, *arguments))

    def prepare():
        leaf = features.detach().clone(memory_format=torch.preserve_format).requires_grad_()
        output = operator(leaf, rois, *arguments)
        gradient = torch.ones_like(output)
        return lambda: output.backward(gradient)
    return prepare


def simple(run):
    return lambda: run


def nms(count):
    b, s = boxes(count), torch.rand(count, device=DEVICE)
    return simple(lambda: torchvision.ops.nms(b, s, 0.7))


def batched_nms():
    b, s, c = boxes(20000), torch.rand(20000, device=DEVICE), torch.randint(0, 80, (20000,), device=DEVICE)
    return simple(lambda: torchvision.ops.batched_nms(b, s, c, 0.5))


def overlaps():
    a, b = boxes(2000), boxes(200, seed=1)
    return simple(lambda: torchvision.ops.box_iou(a, b))


def pyramid():
    generator = anchor_utils.AnchorGenerator(((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5)
    images = image_list.ImageList(torch.zeros(1, 3, 800, 1248, device=DEVICE), [(800, 1248)])
    maps = [torch.zeros(1, 1, -(-800 // s), -(-1248 // s), device=DEVICE) for s in (4, 8, 16, 32, 64)]
    return lambda: generator(images, maps)


def matching():
    anchors, truths = pyramid()()[0], boxes(20, 1248, 800, 20, 400)
    matcher = _utils.Matcher(0.7, 0.3, True)
    return simple(lambda: matcher(torchvision.ops.box_iou(truths, anchors)))


def selective_search(quality):
    import cv2
    cv2.setNumThreads(THREADS)
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8), (500, 375), interpolation=cv2.INTER_CUBIC)

    def run():
        search = cv2.ximgproc.segmentation.createSelectiveSearchSegmentation()
        search.setBaseImage(picture)
        search.switchToSelectiveSearchQuality() if quality else search.switchToSelectiveSearchFast()
        search.process()
    return simple(run)


MAKERS = {
    "nms_1000": lambda: nms(1000),
    "nms_6000": lambda: nms(6000),
    "nms_20000": lambda: nms(20000),
    "batched_nms_20000x80": batched_nms,
    "box_iou_2000x200": overlaps,
    "anchors_249405": lambda: simple(pyramid()),
    "match_249405x20": matching,
    "selective_search_fast_500x375": lambda: selective_search(False),
    "selective_search_quality_500x375": lambda: selective_search(True),
}
for layout in ("", "_nhwc"):
    for direction in ("fwd", "bwd"):
        bwd, last = direction == "bwd", layout != ""
        MAKERS[f"roi_align_{direction}{layout}"] = lambda bwd=bwd, last=last: pooling(torchvision.ops.roi_align, (7, 0.25, 2, False), bwd, last)
        MAKERS[f"roi_pool_{direction}{layout}"] = lambda bwd=bwd, last=last: pooling(torchvision.ops.roi_pool, (7, 0.25), bwd, last)


def finish():
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def main():
    torch.manual_seed(0)
    prepared = {}
    for line in sys.stdin:
        name, _, count = line.strip().partition(" ")
        if name not in prepared:
            try:
                prepared[name] = MAKERS[name]() if name in MAKERS else None
            except Exception as error:  # an operator that this installation lacks is no reason to stop
                print(f"{name}: {error}", file=sys.stderr)
                prepared[name] = None
        if prepared[name] is None:
            print("-", flush=True)
            continue
        runs = [prepared[name]() for _ in range(int(count or 1))]
        finish()
        start = time.perf_counter()
        for run in runs:
            run()
        finish()
        print(f"{(time.perf_counter() - start) * 1000 / len(runs):.6f}", flush=True)


main()
