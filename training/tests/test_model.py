"""The C++ training steps against plain PyTorch, and small checkpoints."""

import tempfile
import unittest
from pathlib import Path

import torch

from flock import fused
from flock.checkpoint import load, slim
from flock.loss import loss
from flock.model import Squad
from flock.shape import Shape

SHAPE = Shape(b32=(32, 1), b16=(64, 2), b8=(64, 2), c16=(64, 2), joint_agents=1)


def step(model):
    rng = torch.Generator().manual_seed(1)
    crops = torch.randint(0, 256, (4, 128, 128, 3), dtype=torch.uint8, generator=rng)
    points = torch.rand(4, 2, 17, 3, generator=rng) * torch.tensor([128.0, 128.0, 1.0])
    model.zero_grad()
    stats = {}
    value = loss(*model.train()(crops, stats=stats), points)
    value.backward()
    return value.detach(), {n: p.grad.clone() for n, p in model.named_parameters()}, stats


class Model(unittest.TestCase):
    @unittest.skipIf(fused.NATIVE is None, "the C++ steps are not built here")
    def test_native_and_plain_steps_agree(self):
        model, native = Squad(SHAPE, 1), fused.NATIVE
        value, grads, stats = step(model)
        try:
            fused.NATIVE = None
            plain, expected, means = step(model)
        finally:
            fused.NATIVE = native
        self.assertAlmostEqual(float(value), float(plain), places=2)
        for key, (mean, var) in stats.items():
            self.assertLess(float((var - means[key][1]).norm() / means[key][1].norm()), 0.03)
        for name in ("belief_w1", "belief_b", "c16_1_w3", "c16_0_w1", "b8_1_gamma"):
            error = float((grads[name] - expected[name]).norm() / expected[name].norm())
            self.assertLess(error, 0.15, name)  # bfloat16 throughout

    def test_small_checkpoint_gives_the_same_squad(self):
        model = Squad(SHAPE, 2)
        saved = {"squad": "x", "seed": 2, "shape": SHAPE.to_json(), "step": 5, "average": model.state_dict()}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.safetensors"
            slim(saved, path)
            again, record = load(path)
        self.assertEqual(record["step"], 5)
        crops = torch.randint(0, 256, (2, 128, 128, 3), dtype=torch.uint8)
        with torch.no_grad():
            self.assertTrue(torch.equal(model.eval().beliefs(crops), again.beliefs(crops)))


if __name__ == "__main__":
    unittest.main()
