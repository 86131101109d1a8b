"""Golden vectors: a tiny bundle of random agents that uses every operation, four crops, and the votes that the
NumPy reference gives. python -m flock.golden --out native/golden

OUT/tiny/ is the bundle; OUT/crops.bin holds the crops, 49152 bytes each (interleaved RGB, row by row);
OUT/votes.bin the votes of each crop in turn, 408 bytes a squad."""

import argparse
import zlib
from pathlib import Path

import cv2
import numpy as np

from . import bundle
from .reference import Bundle, Squad, rshift, sat16
from .shape import Bank
from .wiring import deal

PLANS = {
    "one": [
        Bank("patch", ["crop"], "patch"), Bank("stem", ["patch"], "stem", 8, 27),
        Bank("depth", ["stem"], "d32"), Bank("bank", ["d32"], "b32.0", 16, 22),
        Bank("bank", ["b32.0"], "b32.1", 16, 13, True),
        Bank("depth", ["b32.1"], "d16"), Bank("bank", ["d16"], "b16.0", 24, 54),
        Bank("bank", ["b16.0"], "b16.1", 24, 16, True),
        Bank("depth", ["b16.1"], "d8"), Bank("bank", ["d8"], "b8.0", 24, 31),
        Bank("bank", ["b8.0"], "b8.1", 24, 9, True), Bank("up", ["b8.1"], "u16"),
        Bank("bank", ["b16.1", "u16"], "c16.0", 32, 22), Bank("heads", ["c16.0"], "belief", 17 * 8, 31),
    ],
    "two": [  # another order: a bank at 64x64, a join of three slots, two agents a joint
        Bank("patch", ["crop"], "patch"), Bank("stem", ["patch"], "stem", 16, 27),
        Bank("bank", ["stem"], "b64", 8, 5), Bank("depth", ["b64"], "d32"), Bank("depth", ["d32"], "d16"),
        Bank("bank", ["d16"], "b16.0", 8, 54), Bank("depth", ["b16.0"], "d8"),
        Bank("bank", ["d8"], "b8.0", 32, 32, True), Bank("up", ["b8.0"], "u16"),
        Bank("bank", ["u16", "b16.0", "d16"], "c16.0", 16, 30),
        Bank("heads", ["u16", "c16.0"], "belief", 2 * 17 * 8, 15),
    ],
}


def crops(rng: np.random.Generator) -> np.ndarray:
    """Noise, soft shapes with noise, all 0, all 255."""
    noise = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    soft = cv2.resize(rng.normal(128, 90, (9, 9, 3)).astype(np.float32), (128, 128), interpolation=cv2.INTER_CUBIC)
    soft = np.clip(soft + rng.normal(0, 12, soft.shape), 0, 255).astype(np.uint8)
    return np.stack([noise, soft, np.zeros_like(noise), np.full_like(noise, 255)])


def grow(name: str, ops: list[Bank], pictures: np.ndarray, rng: np.random.Generator):
    """Random weights, with shifts chosen so that planes are alive and some values saturate."""
    slots, wiring, tensors, sharpness = {"crop": pictures.transpose(0, 3, 1, 2)}, {}, {}, []
    for op in ops:
        x = np.concatenate([slots[s] for s in op.sources], 1)
        if op.op in ("patch", "depth", "up"):
            slots[op.out] = getattr(Squad, op.op)(None, None, x)
            continue
        inputs = deal(rng, x.shape[1], op.agents, op.inputs, op.residual)
        wiring[op.out] = np.sort(inputs) if op.op == "stem" else inputs
        each, count = (4 if op.op == "heads" else 8), op.agents
        put = lambda key, value, kind: tensors.__setitem__(f"{op.out}/{key}", np.asarray(value).astype(kind))
        put("w1", rng.integers(-127, 128, (count, each, op.inputs)), np.int8)
        put("b", rng.integers(-2000, 2000, (count, each)), np.int32)
        entry = bundle.squad(name, 1, ops[: ops.index(op) + 1], wiring, [1] * 17)
        run = Squad(entry, {})
        run.tensors = tensors
        step = entry["plan"][-1]
        if op.op == "heads":
            logits = run.heads(step, x)[:2].reshape(2, 17, -1)
            for j in range(17):  # from broad to narrow, so that votes have one, two and three peaks
                reach = logits[:, j].max() - np.median(logits[:, j])
                sharpness.append(int(65536 * 32 * (1.5 + j) / reach))
            continue
        total = run.mix(op.__dict__ | step, x)
        if op.op == "bank":
            top = np.percentile(abs(total), 99, (0, 2, 3)) / rng.choice([90, 9000, 33000], op.planes)
            s1 = np.clip(np.ceil(np.log2(top)), 0, 24).reshape(count, 8)
            w3 = rng.integers(-127, 128, (count, 8, 9))
            r = rng.integers(-32767, 32768, (count, 8)) if op.residual else np.zeros((count, 8))
            put("s1", s1, np.uint8), put("w3", w3, np.int8), put("r", r, np.int16)
            t = np.pad(sat16(rshift(total, s1.reshape(1, -1, 1, 1).astype(np.int32))), ((0, 0), (0, 0), (1, 1), (1, 1)))
            total, side = np.zeros_like(total), total.shape[-1]
            for k in range(9):
                total += w3.reshape(1, -1, 9, 1, 1)[:, :, k] * t[:, :, k // 3 : k // 3 + side, k % 3 : k % 3 + side]
            if op.residual:
                total += r.reshape(1, -1, 1, 1).astype(np.int64) * x[:, : op.planes]
        top = np.maximum(np.percentile(total, 97, (0, 2, 3)), 256).reshape(count, 8)
        room = rng.choice([600, 6000, 36000], top.shape)  # what the largest values are after s2: fine, usual, saturated
        s2 = np.clip(np.ceil(np.log2(top / room)), 0, 24)
        put("s2", s2, np.uint8)
        put("m", np.clip(220 * 32768 / (top / 2**s2), 1, 32767), np.int16)
        slots[op.out] = getattr(run, op.op)(step | {"residual": op.residual}, x)
    return bundle.squad(name, 1, ops, wiring, sharpness), tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    pictures, squads, tensors = crops(np.random.default_rng(5)), [], {}
    for name, ops in PLANS.items():
        squad, values = grow(name, ops, pictures, np.random.default_rng(zlib.crc32(name.encode())))
        squads.append(squad)
        tensors |= {f"{name}/{k}": v for k, v in values.items()}
    bundle.write(out / "tiny", "tiny", squads, tensors, "2026-01-01T00:00:00Z", {"note": "random weights, for tests"})
    loaded = Bundle(out / "tiny")
    votes = loaded.votes(pictures)
    (out / "crops.bin").write_bytes(pictures.tobytes())
    (out / "votes.bin").write_bytes(votes.astype("<u2").tobytes())
    print(f"{out}: {loaded.name}, votes {votes.shape}, peaks a vote "
          f"{np.bincount((votes[..., 3] > 0).sum(-1).ravel(), minlength=4).tolist()}")


if __name__ == "__main__":
    main()
