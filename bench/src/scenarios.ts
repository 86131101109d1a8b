/** The pictures that are sent: a camera's JPEG with one person's box, and raw pixels that need no decoding. */
export type PictureKind = 'jpeg' | 'raw';

export interface Scenario {
  readonly name: string;
  readonly picture: PictureKind;
  /** Frames a second, or null for as many as come back. */
  readonly fps: number | null;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'paced-120', picture: 'jpeg', fps: 120 },
  { name: 'paced-240', picture: 'jpeg', fps: 240 },
  { name: 'saturated', picture: 'jpeg', fps: null },
  { name: 'paced-120-raw', picture: 'raw', fps: 120 },
  { name: 'paced-240-raw', picture: 'raw', fps: 240 },
  { name: 'saturated-raw', picture: 'raw', fps: null },
];
