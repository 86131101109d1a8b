"""The integer arithmetic of a bundle in NumPy, many crops at once. Gives the same bytes as the kernel.

1x1s are done as float32 matrix products: their sums are integers below 2^24, so exact in any order.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

EXP = np.round(65535 * np.exp(-np.arange(384) / 32)).astype(np.int64)
LEAST = 1966  # weight of a later peak that is still kept: 3 %


def rshift(v, s):
    half = np.where(s > 0, 1 << np.maximum(s - 1, 0), 0)
    return (v + half) >> s


def sat16(v):
    return np.clip(v, -32768, 32767)


def mulhrs(a, b):
    return (((a * b) >> 14) + 1) >> 1


def u8c(v):
    return np.clip(v, 0, 255).astype(np.uint8)


class Bundle:
    def __init__(self, folder: Path):
        raw = (folder / "manifest.json").read_bytes()
        self.manifest, self.name = json.loads(raw), hashlib.sha256(raw).hexdigest()
        entry = self.manifest["weights"]
        weights = (folder / entry["file"]).read_bytes()
        if hashlib.sha256(weights).hexdigest() != entry["sha256"]:
            raise ValueError("the weights are not those of the manifest")
        self.tensors = load_file(folder / entry["file"])
        self.squads = [Squad(squad, self.tensors) for squad in self.manifest["squads"]]

    def votes(self, crops: np.ndarray) -> np.ndarray:
        """u8 crops [n, 128, 128, 3] -> u16 [n, squads, 17, 3, 4]."""
        return np.stack([squad.votes(crops) for squad in self.squads], 1)


def columns(values) -> np.ndarray:
    """[agents, 8] constants to one a plane, shaped for planes [n, planes, h, w]."""
    return values.astype(np.int32).reshape(1, -1, 1, 1)


class Squad:
    def __init__(self, entry: dict, tensors: dict):
        self.entry = entry
        self.tensors = {k.split("/", 1)[1]: v for k, v in tensors.items() if k.split("/", 1)[0] == entry["id"]}

    def dense(self, op: dict, planes: int) -> np.ndarray:
        """The weights of all agents as one matrix [outputs, planes]."""
        w1 = self.tensors[op["out"] + "/w1"]
        out = np.zeros((w1.shape[0], w1.shape[1], planes), np.float32)
        for row, agent in zip(range(len(w1)), op["agents"]):
            out[row][:, self.entry["agents"][agent]["inputs"]] = w1[row]
        return out.reshape(-1, planes)

    def mix(self, op: dict, x: np.ndarray) -> np.ndarray:
        n, planes, h, w = x.shape
        flat = x.reshape(n, planes, h * w).astype(np.float32)
        return np.matmul(self.dense(op, planes), flat).astype(np.int32).reshape(n, -1, h, w)

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """u8 crops [n, 128, 128, 3] -> i32 [n, 17, 32, 32]."""
        slots = {"crop": np.ascontiguousarray(crops.transpose(0, 3, 1, 2))}
        for op in self.entry["plan"]:
            x = np.concatenate([slots[name] for name in op["in"]], 1)
            slots[op["out"]] = getattr(self, op["op"])(op, x)
        return slots[self.entry["plan"][-1]["out"]]

    def patch(self, op, x):
        x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        return np.concatenate([x[:, :, ky : ky + 128 : 2, kx : kx + 128 : 2] for ky in range(3) for kx in range(3)], 1)

    def depth(self, op, x):
        return np.concatenate([x[:, :, dy::2, dx::2] for dy in range(2) for dx in range(2)], 1)

    def up(self, op, x):
        return x.repeat(2, 2).repeat(2, 3)

    def finish(self, op, total):
        s2, m = (columns(self.tensors[f"{op['out']}/{k}"]) for k in ("s2", "m"))
        return u8c(mulhrs(sat16(rshift(total, s2)), m))

    def stem(self, op, x):
        return self.finish(op, self.mix(op, x) + columns(self.tensors[op["out"] + "/b"]))

    def bank(self, op, x):
        get = lambda name: self.tensors[f"{op['out']}/{name}"]
        t = sat16(rshift(self.mix(op, x), columns(get("s1"))))
        size, w3 = t.shape[-1], get("w3").astype(np.int32).reshape(1, -1, 9, 1, 1)
        wide = np.pad(t, ((0, 0), (0, 0), (1, 1), (1, 1)))
        total = np.broadcast_to(columns(get("b")), t.shape).copy()
        for k in range(9):
            total += w3[:, :, k] * wide[:, :, k // 3 : k // 3 + size, k % 3 : k % 3 + size]
        if op["residual"]:
            total += columns(get("r")) * x[:, : t.shape[1]]
        return self.finish(op, total)

    def heads(self, op, x):
        n, planes, h, w = x.shape
        weights, bias = np.zeros((17, 4, planes)), np.zeros((17, 4, 1))
        dense = self.dense(op, planes).reshape(-1, 4, planes)
        for row, agent in enumerate(op["agents"]):
            joint = self.entry["agents"][agent]["joint"]
            weights[joint] += dense[row]
            bias[joint, :, 0] += self.tensors[op["out"] + "/b"][row]
        out = np.matmul(weights.reshape(68, planes), x.reshape(n, planes, h * w).astype(np.float64))
        out = (out + bias.reshape(68, 1)).astype(np.int32).reshape(n, 17, 2, 2, h, w)
        return out.transpose(0, 1, 4, 2, 5, 3).reshape(n, 17, 2 * h, 2 * w)

    def votes(self, crops: np.ndarray) -> np.ndarray:
        return votes(self.logits(crops), np.array(self.entry["plan"][-1]["sharpness"], np.int64))


def beliefs(logits: np.ndarray, sharpness: np.ndarray) -> np.ndarray:
    """i32 [n, 17, 32, 32] -> e, 0..65535, of the same shape."""
    logits = logits.astype(np.int64)
    index = ((logits.max((2, 3), keepdims=True) - logits) * sharpness.reshape(1, -1, 1, 1)) >> 16
    return np.where(index < 384, EXP[np.minimum(index, 383)], 0)


def votes(logits: np.ndarray, sharpness: np.ndarray) -> np.ndarray:
    e = beliefs(logits, sharpness)
    n, joints = e.shape[:2]
    flat, total = e.reshape(n, joints, 1024), e.sum((2, 3))
    free, out = np.ones((n, joints, 32, 32), bool), np.zeros((n, joints, 3, 4), np.uint16)
    rows, cols = np.arange(32).reshape(1, 1, 32, 1), np.arange(32).reshape(1, 1, 1, 32)
    for peak in range(3):
        at = np.where(free.reshape(flat.shape), flat, -1).argmax(-1)
        y0, x0 = at[..., None, None] // 32, at[..., None, None] % 32
        window = (abs(rows - y0) <= 2) & (abs(cols - x0) <= 2) & free
        mass = np.where(window, e, 0)
        m = mass.sum((2, 3))
        safe = np.maximum(m, 1)
        cx, cy = 64 * cols + 32, 64 * rows + 32
        x = ((mass * cx).sum((2, 3)) + m // 2) // safe
        y = ((mass * cy).sum((2, 3)) + m // 2) // safe
        far = (mass * ((cx - x[..., None, None]) ** 2 + (cy - y[..., None, None]) ** 2)).sum((2, 3))
        spread = np.floor(np.sqrt((far // (2 * safe)).astype(np.float64))).astype(np.int64)
        weight = m * 65535 // total
        vote = np.stack([x, y, spread, weight], -1)
        top = np.take_along_axis(flat, at[..., None], -1)[..., 0]
        kept = (weight >= LEAST) & (top > 0) | (peak == 0)
        out[:, :, peak] = np.where(kept[..., None], vote, 0)
        free &= ~window
    return out
