"""The wiring's promises, for every shape."""

import unittest

import numpy as np

from flock.shape import SHAPES, multiplies, plan, widths
from flock.wiring import BLOCK, deal, wire


class Wiring(unittest.TestCase):
    def each(self):
        for name, shape in SHAPES.items():
            wiring, width = wire(shape, 7), widths(plan(shape))
            for op in plan(shape):
                if op.op in ("bank", "heads"):
                    with self.subTest(shape=name, op=op.out):
                        yield op, wiring[op.out], sum(width[s] for s in op.sources)

    def test_every_plane_is_read_about_equally_often(self):
        for _, inputs, planes in self.each():
            uses = np.bincount(inputs.ravel(), minlength=planes)
            self.assertLessEqual(uses.max() - uses.min(), 2)
            self.assertGreaterEqual(uses.min(), 1)

    def test_no_plane_twice_and_own_planes_first(self):
        for op, inputs, _ in self.each():
            for agent, row in enumerate(inputs):
                self.assertEqual(len(set(row)), op.inputs)
                if op.residual:
                    self.assertTrue(set(range(8 * agent, 8 * agent + 8)) <= set(row))

    def test_runs_of_four_stay_within_a_block(self):
        for _, inputs, _ in self.each():
            for row in inputs:
                for at in range(0, len(row), 4):
                    self.assertEqual(len(set(row[at : at + 4] // BLOCK)), 1)

    def test_planes_that_fill_no_whole_block(self):
        for planes, inputs in [(296, 30), (160, 54), (48, 22), (8, 5)]:
            rows = deal(np.random.default_rng(1), planes, planes // 8, inputs, planes >= 8 + inputs)
            self.assertLess(rows.max(), planes)
            self.assertTrue(all(len(set(row)) == min(inputs, planes) for row in rows))

    def test_the_seed_decides(self):
        shape = SHAPES["full"]
        self.assertTrue(np.array_equal(wire(shape, 1)["b8.0"], wire(shape, 1)["b8.0"]))
        self.assertFalse(np.array_equal(wire(shape, 1)["b8.0"], wire(shape, 2)["b8.0"]))

    def test_size(self):
        self.assertLess(multiplies(SHAPES["full"]), 20e6)
        self.assertLess(multiplies(SHAPES["small"]), 10e6)


if __name__ == "__main__":
    unittest.main()
