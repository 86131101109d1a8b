/** COCO-17 keypoints, in the order of every pose, vote and decision. */
export const JOINTS = [
  'nose',
  'left_eye',
  'right_eye',
  'left_ear',
  'right_ear',
  'left_shoulder',
  'right_shoulder',
  'left_elbow',
  'right_elbow',
  'left_wrist',
  'right_wrist',
  'left_hip',
  'right_hip',
  'left_knee',
  'right_knee',
  'left_ankle',
  'right_ankle',
] as const;

/** Pairs of joints that a drawn skeleton connects. */
export const BONES: readonly (readonly [number, number])[] = [
  [0, 1],
  [0, 2],
  [1, 3],
  [2, 4],
  [5, 6],
  [5, 7],
  [7, 9],
  [6, 8],
  [8, 10],
  [5, 11],
  [6, 12],
  [11, 12],
  [11, 13],
  [13, 15],
  [12, 14],
  [14, 16],
];

/** Side of a crop in pixels, and its bytes: RGB, row by row. */
export const CROP_SIDE = 128;
export const CROP_BYTES: number = CROP_SIDE * CROP_SIDE * 3;

/** Peaks that a squad may vote for per joint, and the u16 values of one squad's vote: x, y, spread, weight each. */
export const PEAKS = 3;
export const VOTE_VALUES: number = JOINTS.length * PEAKS * 4;

/** A person's crop is the box's longer side, widened by this. */
export const BOX_MARGIN = 1.25;

/** People in one frame: keeps a frame's crops under NATS' default payload of 1 MiB. */
export const MAX_PEOPLE = 16;
