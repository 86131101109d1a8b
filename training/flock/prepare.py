"""Cuts pictures into training crops and stores them decoded, so that training only reads memory.

A set is a folder with crops.npy (u8 [n, 192, 192, 3] RGB; the middle 160x160 is the person's box, its
longer side widened by 1.25 to a square; the rest is context for augmentation), human.npy and teacher.npy
(f32 [n, 17, 3]: x, y in crop pixels, then visibility 0/1 or the teacher's score 0..1).
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np

SIDE = 192
MIDDLE = 160
WIDEN = 1.25


def square(box: list[float]) -> tuple[float, float, float]:
    """Centre and side of the deployed crop of a box x, y, w, h."""
    x, y, w, h = box
    return x + w / 2, y + h / 2, max(w, h) * WIDEN


def cut(image: np.ndarray, centre_x: float, centre_y: float, side: float, size: int) -> np.ndarray:
    """The square of the picture scaled to size x size, black outside. Shrinks by area, so without aliases."""
    scale = size / side
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        centre_x, centre_y, side, scale = centre_x * scale, centre_y * scale, size, 1.0
    shift = [size / 2 - scale * centre_x + scale / 2 - 0.5, size / 2 - scale * centre_y + scale / 2 - 0.5]
    return cv2.warpAffine(image, np.float32([[scale, 0, shift[0]], [0, scale, shift[1]]]), (size, size),
                          flags=cv2.INTER_LINEAR)


def read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"cannot read the picture {path}")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def from_crops(folder: Path, records: list[dict], out: Path) -> int:
    """Pictures that are such crops already (`file`, `keypoints` of 14 rows, `teacher` of 17)."""
    crops, human, teacher = store(out, len(records))
    for i, record in enumerate(records):
        crops[i] = read(folder / record["file"])
        if "keypoints" in record:
            human[i, 5:17] = np.float32(record["keypoints"])[:12]
        if "teacher" in record:
            teacher[i] = np.float32(record["teacher"])
    return save(out, crops, human, teacher)


def from_coco(folder: Path, coco: dict, out: Path) -> int:
    """COCO-style annotations of whole pictures: images, annotations with bbox and 17 keypoints."""
    files = {image["id"]: image["file_name"] for image in coco["images"]}
    people = [a for a in coco["annotations"] if not a.get("iscrowd") and sum(a["keypoints"][2::3])]
    crops, human, teacher = store(out, len(people))
    for i, person in enumerate(people):
        x, y, side = square(person["bbox"])
        side *= SIDE / MIDDLE
        crops[i] = cut(read(folder / files[person["image_id"]]), x, y, side, SIDE)
        points = np.float32(person["keypoints"]).reshape(17, 3)
        human[i, :, :2] = (points[:, :2] - [x - side / 2, y - side / 2]) * (SIDE / side)
        human[i, :, 2] = points[:, 2] > 0
    return save(out, crops, human, teacher)


def store(out: Path, count: int):
    out.mkdir(parents=True, exist_ok=True)
    crops = np.lib.format.open_memmap(out / "crops.npy", "w+", np.uint8, (count, SIDE, SIDE, 3))
    return crops, np.zeros((count, 17, 3), np.float32), np.zeros((count, 17, 3), np.float32)


def save(out: Path, crops, human, teacher) -> int:
    crops.flush()
    np.save(out / "human.npy", human)
    np.save(out / "teacher.npy", teacher)
    return len(human)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--annotations", type=Path, required=True, help="COCO-style JSON, or a list of crops")
    parser.add_argument("--out", type=Path, required=True, help="folder of the set")
    parser.add_argument("--hold-back", type=int, default=0, metavar="N",
                        help="put every record with index %% N == N-1 into OUT-held instead")
    args = parser.parse_args()
    data = json.loads(args.annotations.read_text())
    if isinstance(data, dict):
        key, build = "annotations", lambda part, out: from_coco(args.images, data | {"annotations": part}, out)
        records = data[key]
    else:
        records, build = data, lambda part, out: from_crops(args.images, part, out)
    n = args.hold_back
    kept = [r for i, r in enumerate(records) if not n or i % n != n - 1]
    print(f"{args.out}: {build(kept, args.out)} people", flush=True)
    if n:
        held = args.out.with_name(args.out.name + "-held")
        print(f"{held}: {build([r for i, r in enumerate(records) if i % n == n - 1], held)} people")


if __name__ == "__main__":
    main()
