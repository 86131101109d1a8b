"""How accuracy is counted: PCK@0.2 of the torso over the twelve limb joints, and COCO's OKS average precision."""

import numpy as np

LIMBS = list(range(5, 17))
SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000


def pck(found: np.ndarray, truth: np.ndarray, reach: float = 0.2) -> dict:
    """found [n, 17, 2+], truth [n, 17, 3]. The torso is the mean of the distances from a shoulder to the opposite
    hip; people without these four are left out."""
    have = (truth[:, [5, 6, 11, 12], 2] > 0).all(1)
    found, truth = found[have, :, :2], truth[have]
    at = truth[..., :2]
    torso = (np.linalg.norm(at[:, 5] - at[:, 12], axis=-1) + np.linalg.norm(at[:, 6] - at[:, 11], axis=-1)) / 2
    hit = np.linalg.norm(found - at, axis=-1) <= reach * torso[:, None]
    seen = truth[..., 2] > 0
    limb = np.zeros(17, bool)
    limb[LIMBS] = True
    by = {j: 100 * float(hit[:, j][seen[:, j]].mean()) for j in LIMBS if seen[:, j].any()}
    return {"people": int(have.sum()), "pck": 100 * float(hit[seen & limb].mean()), "joints": by}


def oks(found: np.ndarray, truth: np.ndarray, area: np.ndarray) -> np.ndarray:
    """One found pose [17, 2] against truths [n, 17, 3] with areas [n]."""
    seen = truth[..., 2] > 0
    far = ((found[None, :, :2] - truth[..., :2]) ** 2).sum(-1)
    near = np.exp(-far / (2 * area[:, None] * (2 * SIGMAS) ** 2))
    return (near * seen).sum(1) / np.maximum(seen.sum(1), 1)


def average_precision(images: list[dict]) -> dict:
    """Each image: found [n, 17, 2], scores [n], truth [m, 17, 3], area [m]."""
    thresholds, out = np.arange(0.5, 0.96, 0.05), []
    total = sum(len(i["truth"]) for i in images)
    for threshold in thresholds:
        scores, right = [], []
        for image in images:
            taken = np.zeros(len(image["truth"]), bool)
            for k in np.argsort(-image["scores"], kind="stable"):
                match = np.where(taken, -1, oks(image["found"][k], image["truth"], image["area"]))
                best = int(match.argmax())
                right.append(match[best] >= threshold)
                taken[best] |= right[-1]
                scores.append(image["scores"][k])
        right = np.array(right)[np.argsort(-np.array(scores), kind="stable")]
        hits = right.cumsum()
        recall, precision = hits / total, hits / np.arange(1, len(right) + 1)
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
        out.append(np.append(precision, 0)[np.minimum(at, len(precision))].mean())
    return {"people": total, "ap": 100 * float(np.mean(out)), "ap50": 100 * float(out[0])}
