"""torchvision's side of `rcnn bench data --peer "python3 scripts/peers/torchvision_data.py"`, for a machine that has it and PIL.

Reads one benchmark's name a line; answers with the milliseconds of one run, or "-" where there is no such work. The images are those that the bench command
wrote into RCNN_BENCH_FOLDER; there the first run leaves its result, which the command compares with its own. One process; RCNN_BENCH_THREADS, default 1.
"""
import glob
import io
import os
import sys
import time

import torch
from PIL import Image
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.transforms import functional as F

FOLDER = os.environ["RCNN_BENCH_FOLDER"]
torch.set_num_threads(int(os.environ.get("RCNN_BENCH_THREADS", "1")))
TRANSFORM = GeneralizedRCNNTransform(480, 640, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def read(path):
    with open(path, "rb") as file:
        return file.read()


def decode(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def one_decode():
    data = read(os.path.join(FOLDER, "decode.jpg"))
    with open(os.path.join(FOLDER, "decode.u8"), "wb") as file:
        file.write(decode(data).tobytes())
    return lambda: decode(data)


def pipeline():
    images = [(read(path), "-flip" in path) for path in sorted(glob.glob(os.path.join(FOLDER, "pipeline-*.jpg")))]

    def sample(data, flip):
        # The transforms of torchvision's detection references.
        image = F.convert_image_dtype(F.pil_to_tensor(decode(data)), torch.float32)
        if flip:
            image = F.hflip(image)
        return TRANSFORM([image])[0].tensors

    def run():
        for data, flip in images:
            sample(data, flip)

    for i, (data, flip) in enumerate(images):
        with open(os.path.join(FOLDER, f"pipeline-{i:02d}.f32"), "wb") as file:
            file.write(sample(data, flip).contiguous().numpy().tobytes())
    return run


MAKERS = {"decode_500x375": one_decode, "pipeline_480": pipeline}


@torch.no_grad()
def main():
    prepared = {}
    for line in sys.stdin:
        name = line.strip()
        if name not in prepared:
            prepared[name] = MAKERS[name]() if name in MAKERS else None
        if prepared[name] is None:
            print("-", flush=True)
            continue
        start = time.perf_counter()
        prepared[name]()
        print(f"{(time.perf_counter() - start) * 1000:.6f}", flush=True)


main()
