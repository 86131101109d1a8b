"""The shape of a squad: which banks it has, how wide they are, how many inputs their agents read."""

from dataclasses import asdict, dataclass, field

JOINTS = [
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
]
MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
CROP = 128
BELIEF = 32


@dataclass
class Bank:
    """One op of a plan; `planes` is what it writes, `inputs` what each agent reads."""

    op: str
    sources: list[str]
    out: str
    planes: int = 0
    inputs: int = 0
    residual: bool = False
    size: int = 0

    @property
    def agents(self) -> int:
        return self.planes // 8


@dataclass
class Shape:
    """Widths and depths of the four stacks of a squad. All widths are multiples of 16."""

    stem: int = 16
    b32: tuple[int, int] = (64, 2)  # planes, banks
    b16: tuple[int, int] = (128, 3)
    b8: tuple[int, int] = (192, 5)
    c16: tuple[int, int] = (128, 3)
    inputs: dict = field(default_factory=lambda: {
        "b32": 22, "b16": 22, "b16.0": 38, "b8": 54, "c16": 22, "c16.0": 38, "heads": 31,
    })
    joint_agents: int = 4

    def to_json(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_json(value: dict) -> "Shape":
        return Shape(**{k: tuple(v) if isinstance(v, list) else v for k, v in value.items()})


SHAPES = {
    "full": Shape(),
    "small": Shape(
        b32=(32, 1), b16=(64, 2), b8=(128, 3), c16=(64, 1), joint_agents=2,
        inputs={"b32": 22, "b16": 22, "b16.0": 32, "b8": 46, "c16": 22, "c16.0": 32, "heads": 31},
    ),
}


def plan(shape: Shape) -> list[Bank]:
    """The ops of a squad in the order in which they run."""
    width = {"crop": 3, "patch": 27, "stem": shape.stem}
    ops = [
        Bank("patch", ["crop"], "patch", size=64),
        Bank("stem", ["patch"], "stem", shape.stem, 27, size=64),
    ]

    def depth(source: str, out: str, size: int) -> None:
        width[out] = 4 * width[source]
        ops.append(Bank("depth", [source], out, width[out], size=size))

    def stack(name: str, sources: list[str], size: int) -> str:
        planes, count = getattr(shape, name)
        for i in range(count):
            out = f"{name}.{i}"
            inputs = shape.inputs.get(out, shape.inputs[name])
            residual = width[sources[0]] == planes and len(sources) == 1
            ops.append(Bank("bank", sources, out, planes, inputs, residual, size))
            width[out] = planes
            sources = [out]
        return sources[0]

    depth("stem", "d32", 32)
    b32 = stack("b32", ["d32"], 32)
    depth(b32, "d16", 16)
    b16 = stack("b16", ["d16"], 16)
    depth(b16, "d8", 8)
    b8 = stack("b8", ["d8"], 8)
    width["u16"] = width[b8]
    ops.append(Bank("up", [b8], "u16", width[b8], size=16))
    c16 = stack("c16", [b16, "u16"], 16)
    ops.append(Bank("heads", [c16], "belief", 17 * shape.joint_agents * 8, shape.inputs["heads"], size=16))
    return ops


def widths(ops: list[Bank]) -> dict[str, int]:
    return {"crop": 3, "patch": 27} | {op.out: op.planes for op in ops if op.op not in ("patch", "heads")}


def multiplies(shape: Shape) -> int:
    """Multiply-adds of one crop."""
    total = 0
    for op in plan(shape):
        if op.op == "stem":
            total += op.planes * 27 * op.size**2
        elif op.op == "bank":
            total += op.planes * (op.inputs + 9 + op.residual) * op.size**2
        elif op.op == "heads":
            total += 17 * shape.joint_agents * 4 * op.inputs * op.size**2
    return total
