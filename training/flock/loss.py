"""Cross entropy of the softmax over the 32x32 belief against a Gaussian of one cell about the label."""

import torch

from .shape import BELIEF, CROP

CELL = CROP / BELIEF


def gaussian(points):
    """x, y in crop pixels [..., 2] -> beliefs [..., 1024] that sum to 1 (0 outside the crop)."""
    cells = torch.arange(BELIEF, dtype=torch.float32) * CELL + CELL / 2
    x = torch.exp(-0.5 * ((cells - points[..., :1]) / CELL) ** 2)
    y = torch.exp(-0.5 * ((cells - points[..., 1:2]) / CELL) ** 2)
    x, y = x / x.sum(-1, keepdim=True).clamp(min=1e-6), y / y.sum(-1, keepdim=True).clamp(min=1e-6)
    return (y.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2)


def inside(points):
    return ((points > 0) & (points < CROP)).all(-1).float()


def targets(points):
    """[n, 2, 17, 3] human and teacher -> beliefs [n, 17, 1024] and their weights [n, 17].

    The human's label first, the teacher's point up to half by its score; the teacher alone where no human is."""
    human, teacher = points[:, 0], points[:, 1]
    labelled = (human[..., 2] > 0).float()
    score = teacher[..., 2].clamp(0, 1) * inside(teacher[..., :2])
    labelled_in = labelled * inside(human[..., :2])
    alone = (1 - labelled) * (score > 0.2).float() * score.clamp(max=0.7) / 0.7
    share = torch.where(labelled_in > 0, 0.5 * score, alone)
    first = labelled_in * (1 - 0.5 * score)
    belief = first[..., None] * gaussian(human[..., :2]) + share[..., None] * gaussian(teacher[..., :2])
    return belief, first + share


def loss(logits, points):
    belief, weight = targets(points)
    nats = weight * torch.logsumexp(logits, -1) - (belief * logits).sum(-1)
    return nats.sum() / weight.sum().clamp(min=1)
