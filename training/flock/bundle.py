"""Writes a bundle: manifest.json and weights.safetensors, as docs/reference/bundle.md has it."""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from .shape import CROP, JOINTS, Bank

TYPES = {"w1": np.int8, "w3": np.int8, "b": np.int32, "r": np.int16, "s1": np.uint8, "s2": np.uint8, "m": np.int16}
LIMITS = {"region": 512, "joint": 128}


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def squad(name: str, seed: int, ops: list[Bank], wiring: dict, sharpness: list[int]) -> dict:
    agents, steps = [], []
    for op in ops:
        step = {"op": op.op, "in": op.sources, "out": op.out}
        if op.out in wiring:
            inputs = wiring[op.out]
            n, first = inputs.shape[1], len(agents)
            step["agents"] = list(range(first, first + len(inputs)))
            parameters = {"stem": n * 8 + 8, "bank": n * 8 + 8 * 9 + 8, "heads": n * 4 + 4}[op.op]
            kind = "joint" if op.op == "heads" else "region"
            assert 64 <= parameters <= LIMITS[kind], f"{op.out}: {parameters} parameters an agent"
            for i, row in enumerate(inputs):
                agent = {"id": f"{name}/{'heads' if kind == 'joint' else op.out}/{i}", "kind": kind}
                if kind == "joint":
                    agent["joint"] = i * 17 // len(inputs)
                agents.append(agent | {"parameters": parameters, "inputs": [int(v) for v in row]})
        if op.op == "bank":
            step["residual"] = op.residual
        if op.op == "heads":
            step["sharpness"] = sharpness
        steps.append(step)
    return {"id": name, "seed": seed, "plan": steps, "agents": agents}


def write(folder: Path, name: str, squads: list[dict], tensors: dict, created: str, training: dict) -> str:
    """`tensors` by full name (ID/OUT/NAME). Returns the bundle's name on the bus."""
    for key, value in tensors.items():
        last = key.rsplit("/", 1)[1]
        assert value.dtype == TYPES[last], f"{key} is {value.dtype}"
        assert last not in ("w1", "w3") or value.min() >= -127, key
        assert last != "b" or np.abs(value.astype(np.int64)).max() <= 2**30, key
        assert last not in ("s1", "s2") or value.max() <= 24, key
    folder.mkdir(parents=True, exist_ok=True)
    weights = save({k: np.ascontiguousarray(v) for k, v in sorted(tensors.items())})
    (folder / "weights.safetensors").write_bytes(weights)
    manifest = {
        "format": "murmuration-bundle/1", "name": name, "created": created, "licence": "Apache-2.0",
        "weights": {"file": "weights.safetensors", "bytes": len(weights), "sha256": digest(weights)},
        "crop": {"width": CROP, "height": CROP, "channels": 3}, "joints": JOINTS,
        "training": training, "squads": squads,
    }
    raw = (dump(manifest) + "\n").encode()
    (folder / "manifest.json").write_bytes(raw)
    return digest(raw)


def dump(value, depth: int = 0) -> str:
    """JSON that people can read: objects and lists of objects a line each, the rest on one line."""
    pad = "  " * (depth + 1)
    if isinstance(value, dict) and depth < 2:
        body = ",\n".join(f"{pad}{json.dumps(k)}: {dump(v, depth + 1)}" for k, v in value.items())
        return "{\n" + body + "\n" + "  " * depth + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        if depth < 2:
            return "[" + ", ".join(squad_dump(v, depth) for v in value) + "]"
    return json.dumps(value)


def squad_dump(value: dict, depth: int) -> str:
    parts = []
    for key, v in value.items():
        if isinstance(v, list):
            lines = ",\n".join("      " + json.dumps(x) for x in v)
            parts.append(f'    "{key}": [\n{lines}\n    ]')
        else:
            parts.append(f'    "{key}": {json.dumps(v)}')
    return "{\n" + ",\n".join(parts) + "\n  }"
