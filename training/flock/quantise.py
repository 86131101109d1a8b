"""Turns a trained squad into integers: folds the batch norms, then measures the planes' ranges on training
pictures and chooses scales and shifts. docs/reference/bundle.md says what the integers mean."""

import numpy as np
import torch

from .fused import EPS
from .model import Squad

PERCENTILE = 99.95
ROOM = 0.8  # share of i16 that the calibration's largest value between 1x1 and 3x3 may use


@torch.no_grad()
def settle(model: Squad, crops: np.ndarray, size: int = 32) -> None:
    """Sets each batch norm to the mean and variance of these crops under the present weights."""
    model.train()
    sums, count = {}, 0
    for at in range(0, len(crops) - size + 1, size):
        stats = {}
        model(torch.from_numpy(crops[at : at + size]), stats=stats)
        count += 1
        for key, (mean, var) in stats.items():
            total = sums.setdefault(key, [0, 0])
            total[0], total[1] = total[0] + mean, total[1] + var + mean**2
    for key, (mean, square) in sums.items():
        getattr(model, f"{key}_mean").copy_(mean / count)
        getattr(model, f"{key}_var").copy_(square / count - (mean / count) ** 2)
    model.eval()


class Ranges:
    """Per-plane percentile of |value| over all crops and pixels, from a sample of pixels of each batch."""

    def __init__(self):
        self.seen = {}

    def add(self, name: str, planes: torch.Tensor) -> None:
        flat = planes.detach().float().abs().flatten(0, -2)
        keep = torch.randperm(len(flat), generator=torch.Generator().manual_seed(0))[:20000]
        self.seen.setdefault(name, []).append(flat[keep])

    def get(self, name: str, percentile: float) -> np.ndarray:
        flat = torch.cat(self.seen[name])
        k = max(1, round(len(flat) * (1 - percentile / 100)))
        return flat.topk(k, dim=0).values[-1].numpy().astype(np.float64)


@torch.no_grad()
def watch(model: Squad, crops: np.ndarray, size: int = 32) -> Ranges:
    """Runs the squad in float32 and records what its planes reach, before and after the 3x3."""
    ranges, mix, bank = Ranges(), model.mix, model.bank

    def watched_mix(op, slots, dtype):
        t = mix(op, slots, dtype)
        ranges.add(op.out + "/t", t)
        return t

    def watched_bank(op, slots, dtype, stats):
        y = bank(op, slots, dtype, stats)
        ranges.add(op.out, y)
        return y

    model.mix, model.bank = watched_mix, watched_bank
    try:
        model.eval()
        for at in range(0, len(crops), size):
            model(torch.from_numpy(crops[at : at + size]), dtype=torch.float32)
    finally:
        del model.mix, model.bank
    return ranges


def final(scale: np.ndarray):
    """s2 and m with 2^-s2 * m / 2^15 = scale; m of 12 bits keeps a value of 255 well inside i16."""
    s2 = np.clip(np.ceil(np.log2(2048 / 32768 / scale)), 0, 24)
    m = np.round(scale * 2.0**s2 * 32768)
    if m.max() > 32767 or m.min() < 256:
        raise ValueError(f"a plane's factor {m.min():.0f}..{m.max():.0f} is out of range")
    return s2.astype(np.uint8), m.astype(np.int16)


def rows(w: np.ndarray):
    """i8 weights and their scale, one a row."""
    scale = np.maximum(np.abs(w).max(1), 1e-9) / 127
    return np.round(w / scale[:, None]).astype(np.int8), scale


def gathered(w: np.ndarray, inputs: np.ndarray, each: int) -> np.ndarray:
    """The dense [outputs, planes] back to [agents, each, inputs]."""
    return np.take_along_axis(w.reshape(len(inputs), each, -1), inputs[:, None, :], 2)


@torch.no_grad()
def quantise(model: Squad, crops: np.ndarray, temperature: float = 1.0):
    """Tensors by name (OUT/NAME), and the sharpness of each joint."""
    ranges, out, scales = watch(model, crops), {}, {"patch": np.full(32, 1 / 255)}
    for op in model.ops:
        if op.op == "depth":
            scales[op.out] = np.tile(scales[op.sources[0]], 4)
        if op.op == "up":
            scales[op.out] = scales[op.sources[0]]
        if op.op not in ("stem", "bank", "heads"):
            continue
        inputs = model.wiring[op.out]
        x = np.concatenate([scales[s] for s in op.sources])
        w1 = model.weights(op).double().numpy() * x
        if op.op == "heads":
            sharpness = heads(out, op, model, w1, inputs, temperature)
            continue
        get = lambda name: model.part(op, name).double().numpy()
        gain = get("gamma") / np.sqrt(get("var") + EPS)
        shift = get("beta") - get("mean") * gain
        top = ranges.get(op.out, PERCENTILE)
        y = np.maximum(top, max(np.median(top) / 50, 1e-6)) / 255
        scales[op.out] = y
        shaped = lambda v, kind: v.reshape(op.agents, 8).astype(kind)
        if op.op == "stem":
            w, unit = rows(w1 * gain[:, None])
        else:
            w, first = rows(w1)
            reach = ranges.get(op.out + "/t", 100) / first
            s1 = np.clip(np.ceil(np.log2(np.maximum(reach, 1) / (32767 * ROOM))), 0, 24)
            w3 = get("w3").T * gain[:, None]
            second = np.maximum(np.abs(w3).max(1), 1e-9) / 127
            if op.residual:  # the residual's factor must fit i16
                second = np.maximum(second, x[: op.planes] / 32000 / (first * 2.0**s1))
            second = np.maximum(second, np.abs(shift) / 2**29 / (first * 2.0**s1))
            unit = first * 2.0**s1 * second
            out[op.out + "/s1"] = shaped(s1, np.uint8)
            out[op.out + "/w3"] = np.round(w3 / second[:, None]).astype(np.int8).reshape(op.agents, 8, 9)
            r = np.round(x[: op.planes] / unit) if op.residual else np.zeros(op.planes)
            out[op.out + "/r"] = shaped(r, np.int16)
        s2, m = final(unit / y)
        out[op.out + "/w1"] = gathered(w, inputs, 8)
        out[op.out + "/b"] = shaped(np.round(shift / unit), np.int32)
        out[op.out + "/s2"], out[op.out + "/m"] = shaped(s2, np.uint8), shaped(m, np.int16)
    return out, sharpness


def heads(out, op, model, w1, inputs, temperature):
    """All agents of a joint share one scale, so that their logits add up as integers."""
    agents = model.shape.joint_agents
    w = w1.reshape(17, -1) / agents
    unit = np.maximum(np.abs(w).max(1), 1e-9) / 127
    out[op.out + "/w1"] = gathered(np.round(w / unit[:, None]).astype(np.int8).reshape(w1.shape), inputs, 4)
    b = model.part(op, "b").double().numpy().reshape(17, -1) / agents
    out[op.out + "/b"] = np.round(b / unit[:, None]).astype(np.int32).reshape(-1, 4)
    return [int(v) for v in np.round(unit * 32 * 65536 / temperature)]
