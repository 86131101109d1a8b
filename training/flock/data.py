"""Sets of stored crops, and the batches that training draws from them in a background thread."""

import queue
import threading
from pathlib import Path

import cv2
import numpy as np

from .augment import sample, warp

cv2.setNumThreads(1)


class Sets:
    """Several prepared sets as one."""

    def __init__(self, folders: list[Path]):
        self.crops = [np.load(f / "crops.npy", mmap_mode="r") for f in folders]
        self.human = [np.load(f / "human.npy") for f in folders]
        self.teacher = [np.load(f / "teacher.npy") for f in folders]
        self.index = [(s, i) for s, crops in enumerate(self.crops) for i in range(len(crops))]

    def __len__(self) -> int:
        return len(self.index)

    def get(self, i: int):
        s, k = self.index[i]
        return np.asarray(self.crops[s][k]), self.human[s][k], self.teacher[s][k]

    def plain(self, i: int):
        """As deployed: no augmentation."""
        crop, human, teacher = self.get(i)
        return warp(crop, [human, teacher], 0, 1, 0, False)


def batch(sets: Sets, size: int, seed: int, step: int):
    """The batch of a step: it depends on nothing but the seed and the step, so that training resumes exactly."""
    per_epoch = len(sets) // size
    epoch, at = divmod(step, per_epoch)
    chosen = np.random.default_rng([seed, 7, epoch]).permutation(len(sets))[at * size : (at + 1) * size]
    rng = np.random.default_rng([seed, 11, step])
    crops, points = zip(*(sample(*sets.get(i), rng) for i in chosen))
    return np.stack(crops), np.stack(points)


class Stream:
    """Batches from `step` on, made ahead by a thread."""

    def __init__(self, sets: Sets, size: int, seed: int, step: int, ahead: int = 8):
        self.queue = queue.Queue(ahead)
        self.error = None

        def work():
            try:
                at = step
                while True:
                    self.queue.put(batch(sets, size, seed, at))
                    at += 1
            except Exception as error:  # handed to the reader
                self.error = error
                self.queue.put(None)

        threading.Thread(target=work, daemon=True).start()

    def next(self):
        value = self.queue.get()
        if value is None:
            raise self.error
        return value
