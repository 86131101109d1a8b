"""The integer path against the golden vectors, against plain loops, and against the float model."""

import unittest
from pathlib import Path

import numpy as np
import torch

from flock import bundle, golden, reference
from flock.export import training_crops  # noqa: F401  (imports of the command are sound)
from flock.model import Squad
from flock.quantise import quantise, settle
from flock.shape import Shape

GOLDEN = Path(__file__).parents[2] / "native" / "golden"


class Golden(unittest.TestCase):
    @unittest.skipUnless(GOLDEN.exists(), "no golden vectors beside this checkout")
    def test_votes_are_those_on_file(self):
        crops = np.frombuffer((GOLDEN / "crops.bin").read_bytes(), np.uint8).reshape(-1, 128, 128, 3)
        votes = reference.Bundle(GOLDEN / "tiny").votes(crops)
        self.assertEqual(votes.astype("<u2").tobytes(), (GOLDEN / "votes.bin").read_bytes())


class Arithmetic(unittest.TestCase):
    def test_shift_rounds_half_up_and_is_arithmetic(self):
        values = np.array([-3, -2, -1, 0, 1, 2, 3])
        self.assertEqual(reference.rshift(values, np.array(1)).tolist(), [-1, -1, 0, 0, 1, 1, 2])
        self.assertEqual(reference.rshift(values, np.array(0)).tolist(), values.tolist())

    def test_mulhrs_is_the_instruction(self):
        rng = np.random.default_rng(0)
        a, b = rng.integers(-32768, 32768, (2, 1000))
        self.assertEqual(reference.mulhrs(a, b).tolist(), [(((int(x) * int(y)) >> 14) + 1) >> 1 for x, y in zip(a, b)])

    def test_a_bank_by_plain_loops(self):
        ops = golden.PLANS["one"]
        crops = golden.crops(np.random.default_rng(1))[:1]
        entry, tensors = golden.grow("one", ops, np.repeat(crops, 2, 0), np.random.default_rng(2))
        squad = reference.Squad(entry, {f"one/{k}": v for k, v in tensors.items()})
        step = next(s for s in entry["plan"] if s["out"] == "b8.1")
        x = np.random.default_rng(3).integers(0, 256, (1, 24, 8, 8)).astype(np.uint8)
        y = squad.bank(step, x)
        for plane, row, col in [(0, 0, 0), (9, 7, 3), (23, 4, 7)]:
            self.assertEqual(y[0, plane, row, col], self.bank(squad, step, x[0], plane, row, col))

    def bank(self, squad, step, x, plane, row, col):
        get = lambda name: squad.tensors[f"{step['out']}/{name}"][plane // 8, plane % 8]
        inputs = squad.entry["agents"][step["agents"][plane // 8]]["inputs"]
        total = int(get("b")) + int(get("r")) * int(x[plane, row, col])
        for k in range(9):
            r, c = row + k // 3 - 1, col + k % 3 - 1
            if 0 <= r < 8 and 0 <= c < 8:
                t = sum(int(w) * int(x[i, r, c]) for w, i in zip(get("w1"), inputs))
                s = int(get("s1"))
                t = max(-32768, min(32767, (t + (1 << s >> 1)) >> s))
                total += int(get("w3")[k]) * t
        s = int(get("s2"))
        total = max(-32768, min(32767, (total + (1 << s >> 1)) >> s))
        return max(0, min(255, (((total * int(get("m"))) >> 14) + 1) >> 1))


class Quantised(unittest.TestCase):
    def test_beliefs_are_near_the_float_models(self):
        torch.manual_seed(0)
        shape = Shape(b32=(32, 1), b16=(64, 2), b8=(64, 2), c16=(64, 2), joint_agents=1)
        model = Squad(shape, 3)
        crops = np.repeat(golden.crops(np.random.default_rng(4))[:2], 16, 0)
        crops = crops ^ np.random.default_rng(5).integers(0, 32, crops.shape, dtype=np.uint8)
        settle(model, crops)
        tensors, sharpness = quantise(model, crops)
        entry = bundle.squad("q", 3, model.ops, model.wiring, sharpness)
        squad = reference.Squad(entry, {f"q/{k}": v for k, v in tensors.items()})
        nats = squad.logits(crops[:4]) * (np.array(sharpness).reshape(1, 17, 1, 1) / (32 * 65536))
        with torch.no_grad():
            real = model.beliefs(torch.from_numpy(crops[:4])).numpy()
        centred = lambda v: v - v.mean((2, 3), keepdims=True)
        error = np.abs(centred(nats) - centred(real)).mean() / np.abs(centred(real)).mean()
        self.assertLess(error, 0.08)


if __name__ == "__main__":
    unittest.main()
