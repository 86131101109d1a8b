"""Two ways to make one pose of several squads' answers: the mean of their log beliefs, and their votes' peaks."""

import numpy as np

from .reference import votes


def log_beliefs(logits: np.ndarray, sharpness: np.ndarray) -> np.ndarray:
    """i32 logits [n, 17, 32, 32] -> nats, log softmax."""
    nats = logits.astype(np.float64) * (sharpness.reshape(1, -1, 1, 1) / (65536 * 32))
    nats -= nats.max((2, 3), keepdims=True)
    return nats - np.log(np.exp(nats).sum((2, 3), keepdims=True))


def place(nats: np.ndarray) -> np.ndarray:
    """Log beliefs [n, 17, 32, 32] -> x, y in crop pixels and the peak's weight, by the arithmetic of a vote."""
    logits = np.round((nats - nats.max((2, 3), keepdims=True)) * 65536).astype(np.int64)
    first = votes(logits, np.full(nats.shape[1], 32))[:, :, 0].astype(np.float64)
    return np.stack([first[..., 0] / 16, first[..., 1] / 16, first[..., 3] / 65535], -1)


def by_beliefs(nats: list[np.ndarray]) -> np.ndarray:
    return place(np.mean(nats, 0))


def by_peaks(votes_: np.ndarray, floor: float = 0.02, least: float = 3.0) -> np.ndarray:
    """u16 votes [n, squads, 17, 3, 4] -> [n, 17, 3]. Each squad's vote is read as a mixture of its peaks over a
    floor; the peak with the largest sum of logs wins and is averaged with the peaks near it."""
    v = votes_.astype(np.float64).transpose(0, 2, 1, 3, 4)  # n, 17, squads, 3, 4
    at, spread, weight = v[..., :2] / 16, np.maximum(v[..., 2] / 16, least), v[..., 3] / 65535
    n, joints, squads = at.shape[:3]
    candidates = at.reshape(n, joints, -1, 1, 1, 2)
    far = ((candidates - at[:, :, None]) ** 2).sum(-1)  # n, 17, candidates, squads, 3
    density = weight[:, :, None] / spread[:, :, None] ** 2 * np.exp(-far / (2 * spread[:, :, None] ** 2))
    score = np.log(density.sum(-1) + floor / 128).sum(-1)
    score = np.where(weight.reshape(n, joints, -1) > 0, score, -np.inf)
    best = score.argmax(-1)
    take = lambda a: np.take_along_axis(a, best.reshape(n, joints, 1, *[1] * (a.ndim - 3)), 2)[:, :, 0]
    near = weight * np.exp(-take(far) / (2 * (1.5 * spread) ** 2)) / spread**2
    centre = (near[..., None] * at).sum((2, 3)) / near.sum((2, 3))[..., None]
    confidence = (weight * (take(far) < (2 * spread) ** 2)).sum((2, 3)) / squads
    return np.concatenate([centre, np.minimum(confidence, 1)[..., None]], -1)
