"""Trains one squad: python -m flock.train --squad a --seed 1 --sets DIR... --out DIR --steps N

Resumes from DIR/SQUAD.pt where it exists; --steps may be changed then: the schedule is over steps.
SIGTERM and Ctrl-C save and stop.
"""

import argparse
import math
import os
import signal
import time
from pathlib import Path

import numpy as np
import torch

from .checkpoint import load
from .data import Sets, Stream
from .loss import loss
from .model import Squad
from .shape import SHAPES, Shape

DECAY, WARM, CLIP, SILENCED = 0.01, 0.05, 5.0, 0.3


def rate(step: int, steps: int, peak: float) -> float:
    warm = WARM * steps
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * min(1, (step - warm) / (steps - warm))))


def seconds_until(clock: str) -> float:
    hour, minute = map(int, clock.split(":"))
    now = time.localtime()
    return (hour - now.tm_hour) * 3600 + (minute - now.tm_min) * 60 - now.tm_sec


def optimiser(model: Squad, peak: float):
    decayed = [p for n, p in model.named_parameters() if n.endswith(("w1", "w3"))]
    other = [p for n, p in model.named_parameters() if not n.endswith(("w1", "w3"))]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": other, "weight_decay": 0}]
    return torch.optim.AdamW(groups, lr=peak, foreach=True)


class Average:
    """The running average of the weights and of the batch norms' means and variances."""

    def __init__(self, model: Squad, decay: float):
        self.decay, self.count = decay, 0
        self.values = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: Squad, stats: dict) -> None:
        self.count += 1
        decay = min(self.decay, self.count / (self.count + 10))
        names = [n for n, _ in model.named_parameters()]
        torch._foreach_lerp_([self.values[n] for n in names], [p.detach() for p in model.parameters()], 1 - decay)
        for key, (mean, var) in stats.items():
            self.values[f"{key}_mean"].lerp_(mean, 1 - decay)
            self.values[f"{key}_var"].lerp_(var, 1 - decay)


def save(path: Path, value: dict) -> None:
    """Through a temporary file: an interruption never leaves half a checkpoint."""
    temporary = path.with_suffix(".tmp")
    torch.save(value, temporary)
    os.replace(temporary, path)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad", required=True, help="id of the squad, such as a")
    parser.add_argument("--seed", type=int, required=True, help="wiring, first weights, order of the data")
    parser.add_argument("--shape", default="full", choices=sorted(SHAPES))
    parser.add_argument("--sets", type=Path, nargs="+", required=True, help="folders that flock.prepare made")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True, help="length of the schedule")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--average", type=float, default=0.998)
    parser.add_argument("--init", type=Path, help="start from the averaged weights of this checkpoint")
    parser.add_argument("--until", metavar="HH:MM", help="plan the length again as it runs, to end about then")
    parser.add_argument("--stop", type=int, help="end after this step, with the schedule unfinished")
    return parser.parse_args()


def main() -> None:
    args = parse()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    path, sets, step = args.out / f"{args.squad}.pt", Sets(args.sets), 0
    saved = torch.load(path, weights_only=False) if path.exists() else None
    shape = Shape.from_json(saved["shape"]) if saved else SHAPES[args.shape]
    model = Squad(shape, args.seed)
    if args.init and not saved:
        model.load_state_dict(load(args.init)[0].state_dict())
    optim, average = optimiser(model, args.rate), Average(model, args.average)
    if saved:
        assert saved["seed"] == args.seed, "the checkpoint is of another seed"
        model.load_state_dict(saved["model"])
        optim.load_state_dict(saved["optimiser"])
        average.values, average.count, step = saved["average"], saved["count"], saved["step"]
    steps, pace = args.steps, None
    end = min(steps, args.stop or steps)
    print(f"squad {args.squad}: {len(sets)} people, steps {step}..{end} of {args.steps}, "
          f"{args.steps * args.batch / len(sets):.1f} epochs", flush=True)

    def keep() -> None:
        save(path, {"squad": args.squad, "seed": args.seed, "shape": shape.to_json(), "step": step,
                    "steps": steps, "samples": step * args.batch, "model": model.state_dict(),
                    "average": average.values, "count": average.count, "optimiser": optim.state_dict(),
                    "sets": [s.name for s in args.sets], "people": len(sets)})

    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    stream = Stream(sets, args.batch, args.seed, step)
    model.train()
    started, kept, shown, total, count, cpu = time.time(), time.time(), time.time(), 0.0, 0, time.process_time()
    while step < end and not stopped:
        for group in optim.param_groups:
            group["lr"] = rate(step, steps, args.rate)
        crops, points = stream.next()
        rng = np.random.default_rng([args.seed, 13, step])
        heard = torch.from_numpy((rng.random(17 * shape.joint_agents) >= SILENCED).astype(np.float32))
        stats = {}
        value = loss(*model(torch.from_numpy(crops), heard, stats=stats), torch.from_numpy(points))
        optim.zero_grad(set_to_none=True)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP, foreach=True)
        if not torch.isfinite(norm):
            print(f"step {step}: gradient not finite, step left out", flush=True)
        else:
            optim.step()
            average.update(model, stats)
        step, total, count = step + 1, total + float(value.detach()), count + 1
        if time.time() - shown > 20 or step == end:
            spent = time.time() - shown
            print(f"{time.strftime('%H:%M:%S')} step {step} epoch {step * args.batch / len(sets):.2f} "
                  f"of {steps} loss {total / count:.4f} {count * args.batch / spent:.0f}/s "
                  f"cpu {(time.process_time() - cpu) / spent:.2f} "
                  f"left {(end - step) * spent / count / 60:.1f} min", flush=True)
            if args.until:
                pace = count / spent if pace is None else 0.8 * pace + 0.2 * count / spent
                steps = end = max(step, step + int(pace * seconds_until(args.until)))
            shown, total, count, cpu = time.time(), 0.0, 0, time.process_time()
        if time.time() - kept > 90:
            keep()
            kept = time.time()
    keep()
    state = "stopped" if step < end else "done"
    print(f"{state} at step {step} after {(time.time() - started) / 60:.1f} min", flush=True)


if __name__ == "__main__":
    main()
