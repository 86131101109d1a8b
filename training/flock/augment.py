"""Makes one training sample: a crop turned, scaled, shifted, mirrored and recoloured, with its points."""

import cv2
import numpy as np

from .shape import CROP, MIRROR

SCALE = CROP / 160  # the middle 160 of a stored crop of 192 is what is deployed


def warp(crop: np.ndarray, points: list[np.ndarray], degrees: float, zoom: float, shift, mirror: bool):
    """Stored crop [192, 192, 3] -> [128, 128, 3]; the x, y of each array of points along with it."""
    side = crop.shape[0]
    radians, k = np.deg2rad(degrees), SCALE * zoom
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]]) * k
    if mirror:
        turn[0] = -turn[0]
    move = np.array([CROP / 2, CROP / 2]) + shift - turn @ [side / 2, side / 2]
    index = move + turn @ [0.5, 0.5] - 0.5  # OpenCV counts pixel centres from 0
    out = cv2.warpAffine(crop, np.column_stack([turn, index]), (CROP, CROP), flags=cv2.INTER_LINEAR)
    moved = []
    for p in points:
        q = p.copy()
        q[:, :2] = p[:, :2] @ turn.T + move
        moved.append(q[MIRROR] if mirror else q)
    return out, np.stack(moved)


def recolour(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    ramp = np.arange(256, dtype=np.float32) / 255
    ramp = ramp ** np.exp(rng.uniform(-0.4, 0.4))
    ramp = (ramp - 0.5) * rng.uniform(0.7, 1.3) + 0.5 + rng.uniform(-0.1, 0.1)
    table = ramp[:, None] * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    crop = cv2.LUT(crop, np.clip(table * 255, 0, 255).astype(np.uint8)[None])
    if rng.random() < 0.1:
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < 0.1:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 1.5))
    if rng.random() < 0.2:
        w, h = rng.integers(12, 48, 2)
        x, y = rng.integers(0, CROP - w), rng.integers(0, CROP - h)
        crop = crop.copy()
        crop[y : y + h, x : x + w] = rng.integers(0, 256, 3, dtype=np.uint8)
    return crop


def sample(crop, human, teacher, rng: np.random.Generator):
    """A crop [128, 128, 3] and its points [2, 17, 3]: human, teacher."""
    degrees = np.clip(rng.normal(0, 14), -29, 29)
    zoom = np.exp(rng.uniform(np.log(0.78), np.log(1.28)))
    shift = rng.uniform(-0.08, 0.08, 2) * CROP
    out, points = warp(crop, [human, teacher], degrees, zoom, shift, rng.random() < 0.5)
    return recolour(out, rng), points
