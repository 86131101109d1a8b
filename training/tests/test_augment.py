"""Points go where the pixels go, and left and right swap under mirroring."""

import unittest

import numpy as np

from flock.augment import warp
from flock.loss import gaussian, shares
from flock.shape import BELIEF


class Augment(unittest.TestCase):
    def test_a_bright_pixel_and_its_label_move_together(self):
        rng = np.random.default_rng(0)
        for _ in range(20):
            crop = np.zeros((192, 192, 3), np.uint8)
            x, y = rng.integers(60, 130, 2)
            crop[y - 1 : y + 2, x - 1 : x + 2] = 255
            points = np.zeros((17, 3), np.float32)
            points[:, :2] = x + 0.5, y + 0.5
            mirror = bool(rng.random() < 0.5)
            degrees, zoom, shift = rng.uniform(-29, 29), rng.uniform(0.8, 1.2), rng.uniform(-8, 8, 2)
            out, moved = warp(crop, [points], degrees, zoom, shift, mirror)
            weight = out[..., 0].astype(float)
            at = [(weight.sum(1 - k) * (np.arange(128) + 0.5)).sum() / weight.sum() for k in (1, 0)]
            self.assertLess(np.abs(np.array(at) - moved[0, 0, :2]).max(), 0.15)

    def test_mirroring_swaps_left_and_right(self):
        points = np.zeros((17, 3), np.float32)
        points[5, :2], points[6, :2] = (120, 80), (70, 80)
        _, moved = warp(np.zeros((192, 192, 3), np.uint8), [points], 0, 1, 0, True)
        self.assertAlmostEqual(float(moved[0, 6, 0]), (192 - 120 - 16) * 0.8, places=3)
        self.assertGreater(moved[0, 5, 0], moved[0, 6, 0])


class Target(unittest.TestCase):
    def test_the_belief_is_about_the_label(self):
        import torch

        x = gaussian(torch.tensor([4 * 11 + 2.0]))
        self.assertEqual(int(x.argmax()), 11)
        self.assertAlmostEqual(float(x.sum()), 1, places=5)
        self.assertEqual(x.shape[-1], BELIEF)

    def test_human_first_then_teacher(self):
        import torch

        points = torch.zeros(1, 2, 17, 3)
        points[..., :2] = 64
        points[0, 0, 5, 2], points[0, 1, 5, 2], points[0, 1, 0, 2] = 1, 0.6, 0.9
        share = shares(points)[0]
        self.assertTrue(torch.allclose(share[5], torch.tensor([0.7, 0.3])))
        self.assertTrue(torch.allclose(share[0], torch.tensor([0.0, 1.0])))
        self.assertEqual(float(share[7].sum()), 0)


if __name__ == "__main__":
    unittest.main()
