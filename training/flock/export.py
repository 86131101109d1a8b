"""Checkpoints to a bundle: python -m flock.export --checkpoints a.pt b.pt --sets DIR... --out DIR"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from . import bundle
from .checkpoint import load
from .data import Sets
from .quantise import quantise, settle
from .shape import multiplies

SETTLE, CALIBRATE = 2048, 512


def training_crops(folders: list[Path], count: int) -> np.ndarray:
    sets = Sets(folders)
    chosen = np.random.default_rng(0).permutation(len(sets))[:count]
    return np.stack([sets.plain(i)[0] for i in chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True)
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="training sets, for calibration")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="flock")
    parser.add_argument("--note", default="", help="goes into the manifest's training record")
    parser.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    crops = training_crops(args.sets, SETTLE)
    squads, tensors, record = [], {}, {}
    for path in args.checkpoints:
        started = time.time()
        model, saved = load(path)
        settle(model, crops)
        values, sharpness = quantise(model, crops[:CALIBRATE], args.temperature)
        name = saved["squad"]
        squads.append(bundle.squad(name, saved["seed"], model.ops, model.wiring, sharpness))
        tensors |= {f"{name}/{k}": v for k, v in values.items()}
        record[name] = {"steps": saved["step"], "samples": saved["samples"], "people": saved["people"],
                        "epochs": round(saved["samples"] / saved["people"], 1), "seed": saved["seed"],
                        "multiplyAdds": multiplies(model.shape)}
        print(f"squad {name}: step {saved['step']}, {len(squads[-1]['agents'])} agents, "
              f"{multiplies(model.shape) / 1e6:.1f} M multiply-adds, {time.time() - started:.1f} s", flush=True)
    training = {"sets": saved["sets"], "squads": record} | ({"note": args.note} if args.note else {})
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(args.out, bundle.write(args.out, args.name, squads, tensors, created, training))


if __name__ == "__main__":
    main()
