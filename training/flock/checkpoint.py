"""Small checkpoints: the averaged weights of a squad as safetensors, without the optimiser and the wiring's zeros.

python -m flock.checkpoint RUN.pt... --out DIR   (train --init, export and evaluate read both kinds)
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from .model import Squad
from .quantise import gathered
from .shape import Shape

RECORD = ("squad", "seed", "shape", "step", "steps", "samples", "sets", "people")


def slim(saved: dict, path: Path) -> None:
    model = Squad(Shape.from_json(saved["shape"]), saved["seed"])
    tensors = dict(saved["average"])
    for out, key in model.keys.items():
        if out != "stem":
            each = 4 if out == "belief" else 8
            tensors[f"{key}_w1"] = torch.from_numpy(gathered(tensors[f"{key}_w1"].numpy(), model.wiring[out], each))
    save_file({k: v.contiguous() for k, v in tensors.items()}, path,
              {"record": json.dumps({k: saved[k] for k in RECORD if k in saved})})


def load(path: Path) -> tuple[Squad, dict]:
    """The squad with its averaged weights, and the checkpoint's record."""
    if path.suffix == ".pt":
        saved = torch.load(path, weights_only=False)
        values = saved["average"]
    else:
        with safe_open(path, "pt") as file:
            saved = json.loads(file.metadata()["record"])
            values = {k: file.get_tensor(k) for k in file.keys()}
    model = Squad(Shape.from_json(saved["shape"]), saved["seed"])
    for out, key in model.keys.items():
        w1, wide = values[f"{key}_w1"], model.state_dict()[f"{key}_w1"]
        if w1.shape != wide.shape:  # back from the agents' inputs to the dense matrix
            inputs = torch.from_numpy(model.wiring[out])[:, None, :].expand(w1.shape)
            dense = torch.zeros(w1.shape[0], w1.shape[1], wide.shape[1]).scatter_(2, inputs, w1)
            values[f"{key}_w1"] = dense.view(wide.shape)
    model.load_state_dict({k: v.float() for k, v in values.items()})
    return model.eval(), saved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for run in args.runs:
        path = args.out / f"{run.stem}.safetensors"
        slim(torch.load(run, weights_only=False), path)
        print(f"{path}: {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
