"""Cross entropy of the softmax over the 32x32 belief against a Gaussian of one cell about the label."""

import torch

from . import fused
from .shape import BELIEF, CROP

CELL = CROP / BELIEF


def gaussian(at):
    """Coordinates in crop pixels [...] -> [..., 32] that sum to 1 (0 far outside the crop)."""
    cells = torch.arange(BELIEF, dtype=torch.float32) * CELL + CELL / 2
    out = torch.exp(-0.5 * ((cells - at.unsqueeze(-1)) / CELL) ** 2)
    return out / out.sum(-1, keepdim=True).clamp(min=1e-6)


def inside(points):
    return ((points > 0) & (points < CROP)).all(-1).float()


def shares(points):
    """[n, 2, 17, 3] human and teacher -> how much of each joint's target is theirs [n, 17, 2].

    The human's label first, the teacher's point up to half by its score; the teacher alone where no human is."""
    human, teacher = points[:, 0], points[:, 1]
    score = teacher[..., 2].clamp(0, 1) * inside(teacher[..., :2])
    labelled = (human[..., 2] > 0).float()
    within = labelled * inside(human[..., :2])
    alone = (1 - labelled) * (score > 0.2).float() * score.clamp(max=0.7) / 0.7
    return torch.stack([within * (1 - 0.5 * score), torch.where(within > 0, 0.5 * score, alone)], -1)


class Entropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, heads, bias, x, y, weight):
        scale = 1 / float(weight.sum().clamp(min=1))
        total, grad, grad_bias = fused.NATIVE.entropy(heads, bias, x, y, weight, scale)
        ctx.save_for_backward(grad, grad_bias)
        return (total[0] * scale).float()

    @staticmethod
    def backward(ctx, scale):
        grad, grad_bias = ctx.saved_tensors
        return grad * scale, grad_bias * scale, None, None, None


def loss(heads, bias, points):
    """heads [n, 16, 16, 17 * 4] without their bias [17 * 4] against points [n, 2, 17, 3]: nats a labelled joint."""
    share = shares(points)
    x, y = (gaussian(points[:, :, :, k].transpose(1, 2)) for k in (0, 1))
    y, weight = y * share.unsqueeze(-1), share.sum(-1)
    if fused.NATIVE is not None and heads.device.type == "cpu" and heads.dtype == torch.bfloat16:
        return Entropy.apply(heads, bias, x.contiguous(), y.contiguous(), weight)
    logits = spread(heads.float() + bias)
    belief = (y.unsqueeze(-1) * x.unsqueeze(-2)).sum(2).flatten(-2)
    nats = weight * torch.logsumexp(logits, -1) - (belief * logits).sum(-1)
    return nats.sum() / weight.sum().clamp(min=1)


def spread(heads):
    """[n, 16, 16, 17 * 4] -> [n, 17, 1024]."""
    n, h, w, _ = heads.shape
    return heads.view(n, h, w, 17, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(n, 17, 4 * h * w)
