"""What TensorBoard itself reads of the event file in tensorboard.json: pip install tensorboard, then run this from the root.

The file's bytes are Fovea's (tensorboard.test.ts compares them with what it writes today); `read` is TensorBoard 2.21's answer.
A wrong checksum makes TensorBoard drop the record, so what is read has passed its checks.
"""

import base64
import json
import pathlib
import tempfile

from tensorboard.backend.event_processing import event_accumulator as ea

path = pathlib.Path(__file__).parent / "tensorboard.json"
golden = json.loads(path.read_text())
with tempfile.TemporaryDirectory() as folder:
    (pathlib.Path(folder) / "events.out.tfevents.1.golden").write_bytes(base64.b64decode(golden["file"]))
    read = ea.EventAccumulator(folder, size_guidance={ea.SCALARS: 0, ea.HISTOGRAMS: 0, ea.IMAGES: 0})
    read.Reload()
tags = read.Tags()
golden["read"] = {
    "scalars": {tag: [[e.step, e.wall_time, e.value] for e in read.Scalars(tag)] for tag in tags["scalars"]},
    "histograms": {
        tag: [
            [e.step, h.min, h.max, h.num, h.sum, h.sum_squares, list(h.bucket_limit), list(h.bucket)]
            for e in read.Histograms(tag)
            for h in [e.histogram_value]
        ]
        for tag in tags["histograms"]
    },
    "images": {
        tag: [[e.step, e.width, e.height, base64.b64encode(e.encoded_image_string).decode()] for e in read.Images(tag)]
        for tag in tags["images"]
    },
}
path.write_text(json.dumps(golden, indent=1) + "\n")
