"""Which planes each agent reads: fixed by the seed, every plane dealt out about equally often."""

import zlib

import numpy as np

from .shape import Bank, Shape, plan, widths

BLOCK = 64  # a kernel may hold planes in blocks of 64 and fetch four inputs of one block at once


def deal(rng: np.random.Generator, planes: int, agents: int, inputs: int, own: bool) -> np.ndarray:
    """[agents, inputs] indices. Runs of four inputs stay within one block of 64 planes where that is
    possible; with `own`, agent a reads planes 8a..8a+7."""
    inputs = min(inputs, planes)
    blocks = -(-planes // BLOCK)
    room = np.minimum(BLOCK, planes - BLOCK * np.arange(blocks))
    uses = np.zeros(planes) + rng.random(planes) * 0.01
    shares = np.zeros(blocks)
    rows = []
    for agent in rng.permutation(agents):
        mine = list(range(8 * agent, 8 * agent + 8)) if own else []
        counts = np.zeros(blocks, int)
        if own:
            counts[8 * agent // BLOCK] = 8
        left = inputs - counts.sum()
        while left > 0:
            step = min(4, left)
            open_ = counts + step <= room
            block = int(np.argmin(np.where(open_, shares + counts + rng.random(blocks) * 0.5, np.inf)))
            counts[block] += step
            left -= step
        shares += counts
        taken = set(mine)
        uses[mine] += 1
        for block in range(blocks):
            span = range(block * BLOCK, block * BLOCK + room[block])
            free = [p for p in span if p not in taken]
            need = counts[block] - sum(1 for p in mine if p in span)
            for p in sorted(free, key=lambda p: uses[p] + rng.random() * 0.5)[:need]:
                taken.add(p)
                uses[p] += 1
        rows.append((agent, order(sorted(taken), blocks)))
    return np.array([row for _, row in sorted(rows, key=lambda r: r[0])], np.int64)


def order(indices: list[int], blocks: int) -> list[int]:
    """The block whose count is no multiple of four goes last, so that every run of four is of one block."""
    groups = [[i for i in indices if i // BLOCK == b] for b in range(blocks)]
    return [i for group in sorted(groups, key=lambda g: (len(g) % 4 != 0, g[:1])) for i in group]


def wire(shape: Shape, seed: int) -> dict[str, np.ndarray]:
    """For each op with agents, an array [agents, inputs] of indices into its concatenated input planes."""
    ops = plan(shape)
    width = widths(ops)
    out = {}
    for op in ops:
        if op.op == "stem":
            out[op.out] = np.tile(np.arange(27), (op.agents, 1))
        elif op.op in ("bank", "heads"):
            rng = np.random.default_rng([seed, zlib.crc32(op.out.encode())])
            out[op.out] = deal(rng, sum(width[s] for s in op.sources), op.agents, op.inputs, op.residual)
    return out


def mask(op: Bank, inputs: np.ndarray, planes: int) -> np.ndarray:
    """[agents, planes] of 0 and 1."""
    out = np.zeros((len(inputs), planes), np.float32)
    np.put_along_axis(out, inputs, 1, axis=1)
    return out
