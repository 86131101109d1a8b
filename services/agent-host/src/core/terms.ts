import {
  CROP_BYTES,
  type Crop,
  isToken,
  MAX_PEOPLE,
  PARTITIONS,
  type Round,
} from '@murmuration/protocol/bus';

/** The round that a crop belongs to, or what is wrong with the message. */
export function termsOf(crop: Crop): Round | string {
  const { round, pixels } = crop;
  if (round === undefined) return 'no round';
  if (!isToken(round.stream)) return 'a stream that is no token';
  if (round.partition >= PARTITIONS) return `partition ${round.partition}`;
  if (round.people < 1 || round.people > MAX_PEOPLE) return `${round.people} people`;
  if (pixels.length !== round.people * CROP_BYTES) return `${pixels.length} bytes for ${round.people} people`;
  return round;
}
