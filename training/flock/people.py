"""People to measure on: crops as deployed, and the truth in crop pixels."""

import json
from pathlib import Path

import numpy as np

from .data import Sets
from .prepare import cut, read, square
from .shape import CROP


class People:
    def __init__(self, name: str, crops: np.ndarray, truth: np.ndarray, image=None, area=None):
        self.name, self.crops, self.truth, self.image, self.area = name, crops, truth, image, area


def from_set(folder: Path) -> People:
    """A prepared set, measured on its human labels."""
    sets = Sets([folder])
    crops, points = zip(*(sets.plain(i) for i in range(len(sets))))
    return People(folder.name, np.stack(crops), np.stack(points)[:, 0])


def from_coco(annotations: Path, folder: Path) -> People:
    """Whole pictures with COCO-style labels; the labelled boxes are the crops. OKS areas are in crop pixels."""
    coco = json.loads(annotations.read_text())
    files = {image["id"]: image["file_name"] for image in coco["images"]}
    crops, truth, image, area, last = [], [], [], [], (None, None)
    for person in coco["annotations"]:
        if person.get("iscrowd") or not sum(v > 0 for v in person["keypoints"][2::3]):
            continue
        if last[0] != person["image_id"]:
            last = person["image_id"], read(folder / files[person["image_id"]])
        x, y, side = square(person["bbox"])
        crops.append(cut(last[1], x, y, side, CROP))
        points = np.array(person["keypoints"], np.float64).reshape(17, 3)
        points[:, :2] = (points[:, :2] - [x - side / 2, y - side / 2]) * (CROP / side)
        truth.append(points)
        image.append((person["image_id"], x, y, side))
        w, h = person["bbox"][2:]
        area.append(person.get("area", 0.53 * w * h))
    return People(annotations.stem, np.stack(crops), np.stack(truth), image, np.array(area))


def pictures(people: People, found: np.ndarray) -> list[dict]:
    """Found poses [n, 17, 3] in crop pixels back to their pictures, for OKS."""
    back, truth = found.copy(), people.truth.copy()
    for i, (_, x, y, side) in enumerate(people.image):
        for points in (back[i], truth[i]):
            points[:, :2] = points[:, :2] * (side / CROP) + [x - side / 2, y - side / 2]
    ids = np.array([i[0] for i in people.image])
    return [{"found": back[ids == k], "scores": back[ids == k, :, 2].mean(1), "truth": truth[ids == k],
             "area": people.area[ids == k]} for k in dict.fromkeys(ids.tolist())]
