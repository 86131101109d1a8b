import { CROP_BYTES } from '@murmuration/protocol/bus';

/**
 * The crop that every host looks at now and then, to show that it computes as the others do: xorshift32 from a fixed
 * seed, so that it needs no file. Its digest differs between squads, never between hosts.
 */
export function canaryCrop(): Uint8Array {
  const crop = new Uint8Array(CROP_BYTES);
  let state = 0x9e3779b9;
  for (let i = 0; i < crop.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    crop[i] = state >>> 24;
  }
  return crop;
}
