"""A squad as a PyTorch module. Planes last; each bank's 1x1 is a dense matrix under the mask of its wiring."""

import torch
import torch.nn.functional as F
from torch import nn

from .fused import EPS, norm, patch, rise
from .loss import spread
from .shape import BELIEF, Shape, plan, widths
from .wiring import mask, wire


class Squad(nn.Module):
    def __init__(self, shape: Shape, seed: int):
        super().__init__()
        self.shape, self.seed, self.ops = shape, seed, plan(shape)
        self.wiring, width = wire(shape, seed), widths(self.ops)
        rng = torch.Generator().manual_seed(seed)
        self.keys = {}
        for op in self.ops:
            if op.op not in ("stem", "bank", "heads"):
                continue
            key = op.out.replace(".", "_")
            self.keys[op.out] = key
            planes = 32 if op.op == "stem" else sum(width[s] for s in op.sources)
            each = 4 if op.op == "heads" else 8
            m = torch.from_numpy(mask(op, self.wiring[op.out], planes)).repeat_interleave(each, 0)
            self.register_buffer(f"{key}_mask", m, persistent=False)
            spread = (0.1 if op.op == "heads" else 1.0) / op.inputs**0.5
            w1 = torch.randn(m.shape, generator=rng) * spread * m
            self.register_parameter(f"{key}_w1", nn.Parameter(w1))
            if op.op == "heads":
                self.register_parameter(f"{key}_b", nn.Parameter(torch.zeros(len(m))))
                continue
            if op.op == "bank":
                w3 = torch.randn(9, op.planes, generator=rng) * 0.3
                w3[4] += 0.5
                self.register_parameter(f"{key}_w3", nn.Parameter(w3))
            self.register_parameter(f"{key}_gamma", nn.Parameter(torch.full((op.planes,), 0.7)))
            self.register_parameter(f"{key}_beta", nn.Parameter(torch.zeros(op.planes)))
            self.register_buffer(f"{key}_mean", torch.zeros(op.planes))
            self.register_buffer(f"{key}_var", torch.ones(op.planes))

    def part(self, op, name):
        return getattr(self, f"{self.keys[op.out]}_{name}")

    def weights(self, op):
        return self.part(op, "w1") * self.part(op, "mask")

    def mix(self, op, slots, dtype):
        """The 1x1 of a bank. Mixing commutes with nearest upsampling, so `up` planes, which never come first
        among a bank's sources, are mixed before it."""
        w1, total, at = self.weights(op).to(dtype), None, 0
        for name in op.sources:
            x = slots[name]
            up = isinstance(x, tuple)
            x = x[0] if up else x
            t = F.linear(x, w1[:, at : at + x.shape[-1]])
            at += x.shape[-1]
            total = t if total is None else rise(total, t) if up else total + t
        return total

    def forward(self, crops, keep=None, dtype=torch.bfloat16, stats=None):
        """u8 crops [n, 128, 128, 3] -> what `heads` gives. `keep` [17 * joint agents] silences agents;
        `stats`, a dict, collects each batch norm's mean and variance; in eval mode the running ones are used."""
        slots = {}
        for op in self.ops:
            if op.op == "patch":
                slots[op.out] = patch(crops).to(dtype)
            elif op.op == "depth":
                x = slots[op.sources[0]]
                n, h, w, c = x.shape
                x = x.view(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5)
                slots[op.out] = x.reshape(n, h // 2, w // 2, 4 * c)
            elif op.op == "up":
                slots[op.out] = (slots[op.sources[0]],)
            elif op.op == "heads":
                return self.heads(op, slots[op.sources[0]], keep)
            else:
                slots[op.out] = self.bank(op, slots, dtype, stats)

    def bank(self, op, slots, dtype, stats):
        t = self.mix(op, slots, dtype)
        w3 = self.part(op, "w3") if op.op == "bank" else None
        res = slots[op.sources[0]] if op.residual else None
        gamma, beta = self.part(op, "gamma"), self.part(op, "beta")
        if self.training:
            y, mean, var = norm(t, w3, gamma, beta, res)
            if stats is not None:
                stats[self.keys[op.out]] = mean, var
            return y
        u = t.float()
        if w3 is not None:
            c = u.shape[-1]
            u = F.conv2d(u.permute(0, 3, 1, 2), w3.T.reshape(c, 1, 3, 3), padding=1, groups=c).permute(0, 2, 3, 1)
        y = (u - self.part(op, "mean")) * (gamma * torch.rsqrt(self.part(op, "var") + EPS)) + beta
        return torch.relu(y if res is None else y + res).to(dtype)

    def head_weights(self, op, keep=None):
        """The joint agents of a joint are linear, so they add up to one matrix [17 * 4, planes]."""
        agents = self.shape.joint_agents
        w, b = self.weights(op).view(17, agents, 4, -1), self.part(op, "b").view(17, agents, 4)
        if keep is None:
            return w.mean(1).flatten(0, 1), b.mean(1).flatten()
        share = keep.view(17, agents) / keep.view(17, agents).sum(1, keepdim=True).clamp(min=1)
        return (w * share[:, :, None, None]).sum(1).flatten(0, 1), (b * share[:, :, None]).sum(1).flatten()

    def heads(self, op, x, keep):
        """The 2x2 logits of each cell [n, 16, 16, 17 * 4], and the bias [17 * 4] that is still to be added."""
        w, b = self.head_weights(op, keep)
        return F.linear(x, w.to(x.dtype)), b

    def beliefs(self, crops, dtype=torch.float32):
        """u8 crops -> log beliefs [n, 17, 32, 32]."""
        heads, bias = self(crops, dtype=dtype)
        nats = torch.log_softmax(spread(heads.float() + bias), -1)
        return nats.view(-1, 17, BELIEF, BELIEF)
