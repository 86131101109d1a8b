"""Measures a bundle, each squad alone and fused, and optionally the float checkpoints it was made from.

python -m flock.evaluate --bundle DIR [--checkpoints a.pt b.pt --calibrate SET...]
                         [--held SET...] [--coco JSON FOLDER]...
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from .accuracy import LIMBS, average_precision, pck
from .checkpoint import load
from .export import SETTLE, training_crops
from .fusing import by_beliefs, by_peaks, log_beliefs, place
from .people import People, from_coco, from_set, pictures
from .quantise import settle
from .reference import Bundle
from .reference import votes as peaks
from .shape import JOINTS

NAMES = [JOINTS[j].replace("left", "l").replace("right", "r") for j in LIMBS]


def report(people: People, label: str, found: np.ndarray) -> dict:
    line = {"set": people.name, "what": label} | pck(found, people.truth)
    if people.image is not None:
        precision = average_precision(pictures(people, found))
        line |= {"oks": precision["ap"], "ap50": precision["ap50"], "labelled": precision["people"]}
    joints = " ".join(f"{line['joints'].get(j, float('nan')):4.0f}" for j in LIMBS)
    extra = f"  OKS AP {line['oks']:.1f} AP50 {line['ap50']:.1f}" if "oks" in line else ""
    print(f"{people.name:22} {label:24} PCK {line['pck']:5.1f}  {joints}{extra}", flush=True)
    return line


def integers(bundle: Bundle, people: People, size: int = 64):
    """Log beliefs of each squad, and the votes [n, squads, 17, 3, 4]."""
    nats, votes = [[] for _ in bundle.squads], []
    for at in range(0, len(people.crops), size):
        crops, row = people.crops[at : at + size], []
        for k, squad in enumerate(bundle.squads):
            logits = squad.logits(crops)
            sharpness = np.array(squad.entry["plan"][-1]["sharpness"], np.int64)
            nats[k].append(log_beliefs(logits, sharpness).astype(np.float32))
            row.append(peaks(logits, sharpness))
        votes.append(np.stack(row, 1))
    return [np.concatenate(v) for v in nats], np.concatenate(votes)


@torch.no_grad()
def floats(model, people: People, size: int = 64) -> np.ndarray:
    out = []
    for at in range(0, len(people.crops), size):
        out.append(model.beliefs(torch.from_numpy(people.crops[at : at + size])).numpy())
    return np.concatenate(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--checkpoints", type=Path, nargs="*", default=[])
    parser.add_argument("--calibrate", type=Path, nargs="*", default=[], help="training sets, for the float squads")
    parser.add_argument("--held", type=Path, nargs="*", default=[], help="prepared sets held back from training")
    parser.add_argument("--coco", type=Path, nargs=2, action="append", default=[], metavar=("JSON", "FOLDER"))
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    args = parser.parse_args()
    torch.set_num_threads(1)
    bundle, lines = Bundle(args.bundle), []
    print(f"{'':22} {'bundle ' + bundle.name[:12]:24}            {' '.join(n[:2] + n[2:4] for n in NAMES)}")
    models = [load(path) for path in args.checkpoints]
    crops = training_crops(args.calibrate, SETTLE) if models else None
    for model, _ in models:
        settle(model, crops)
    for people in [from_set(f) for f in args.held] + [from_coco(*c) for c in args.coco]:
        real = [floats(model, people) for model, _ in models]
        for (_, saved), nats in zip(models, real):
            lines.append(report(people, f"{saved['squad']} float", place(nats)))
        if len(real) > 1:
            lines.append(report(people, "fused float", by_beliefs(real)))
        nats, votes = integers(bundle, people)
        for k, squad in enumerate(bundle.squads):
            lines.append(report(people, f"{squad.entry['id']} integer", place(nats[k])))
        if len(nats) > 1:
            lines.append(report(people, "fused integer, beliefs", by_beliefs(nats)))
            lines.append(report(people, "fused integer, peaks", by_peaks(votes)))
    if args.json:
        args.json.write_text(json.dumps(lines, indent=1) + "\n")


if __name__ == "__main__":
    main()
