import { BONES, JOINTS, type Keypoint } from '@murmuration/protocol';

/** Pixels: width * height * 3 bytes, RGB, row by row. */
export interface Rgb {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

type Colour = readonly [number, number, number];

const LEFT: Colour = [64, 220, 120];
const RIGHT: Colour = [255, 110, 70];
const FACE: Colour = [90, 190, 255];
/** Bones and joints that the votes hardly support are left out: a skeleton that is half made up misleads. */
const MIN_CONFIDENCE = 0.15;
const FACE_JOINTS = 5;

function colourOf(joint: number): Colour {
  if (joint < FACE_JOINTS) return FACE;
  return JOINTS[joint]?.startsWith('left') === true ? LEFT : RIGHT;
}

/** Draws a skeleton into the picture. Points are in its pixels; what lies outside is clipped. */
export function drawPose(picture: Rgb, keypoints: readonly Keypoint[]): void {
  const thick = Math.max(1.5, Math.min(picture.width, picture.height) / 220);
  const sure = (joint: number): Keypoint | null => {
    const point = keypoints[joint];
    return point !== undefined && point.confidence >= MIN_CONFIDENCE ? point : null;
  };
  for (const [a, b] of BONES) {
    const [from, to] = [sure(a), sure(b)];
    if (from === null || to === null) continue;
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    capsule(picture, from, middle, thick, colourOf(a));
    capsule(picture, middle, to, thick, colourOf(b));
  }
  for (let joint = 0; joint < keypoints.length; joint++) {
    const point = sure(joint);
    if (point === null) continue;
    capsule(picture, point, point, thick * 2, [255, 255, 255]);
    capsule(picture, point, point, thick * 1.4, colourOf(joint));
  }
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** All pixels within `radius` of the segment; those at its rim are mixed with what was there. */
function capsule(picture: Rgb, from: Point, to: Point, radius: number, colour: Colour): void {
  const { data, width, height } = picture;
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius - 1));
  const right = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x) + radius + 1));
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius - 1));
  const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + radius + 1));
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = square === 0 ? 0 : ((x - from.x) * dx + (y - from.y) * dy) / square;
      const t = Math.min(1, Math.max(0, along));
      const cover = radius + 0.5 - Math.hypot(x - from.x - t * dx, y - from.y - t * dy);
      if (cover <= 0) continue;
      const share = Math.min(1, cover);
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) {
        const old = data[at + c] ?? 0;
        data[at + c] = Math.round(old + ((colour[c] ?? 0) - old) * share);
      }
    }
  }
}
