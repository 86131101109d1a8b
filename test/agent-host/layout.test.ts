import { createHash } from 'node:crypto';
import { canaryCrop, cropOf, termsOf, VoteArrays } from '@murmuration/agent-host';
import { CROP_BYTES, type Crop, MAX_PEOPLE, VOTE_VALUES } from '@murmuration/protocol';
import { describe, expect, it } from 'vitest';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

describe('the arrays of a vote', () => {
  it('lie person after person, squad after squad, little-endian, with a digest each', () => {
    const arrays = new VoteArrays(2);
    for (let person = 0; person < 3; person++)
      arrays.person(person).set(Uint16Array.from({ length: 2 * VOTE_VALUES }, (_, i) => person * 1000 + i));
    arrays.seal(3, sha256);
    const votes = arrays.votes(3);
    expect(votes.length).toBe(3 * 2 * VOTE_VALUES * 2);
    const view = new DataView(votes.buffer, votes.byteOffset);
    expect(view.getUint16((2 * 2 * VOTE_VALUES + VOTE_VALUES + 5) * 2, true)).toBe(2000 + VOTE_VALUES + 5);
    const digests = arrays.digests(3);
    expect(digests.length).toBe(3 * 2 * 8);
    for (let part = 0; part < 6; part++) {
      const own = votes.subarray(part * VOTE_VALUES * 2, (part + 1) * VOTE_VALUES * 2);
      expect(digests.subarray(part * 8, part * 8 + 8)).toEqual(new Uint8Array(sha256(own).subarray(0, 8)));
    }
  });

  it('are for as many people as a frame may have', () => {
    const arrays = new VoteArrays(1);
    expect(arrays.person(MAX_PEOPLE - 1).length).toBe(VOTE_VALUES);
    expect(() => arrays.person(MAX_PEOPLE)).toThrow(RangeError);
  });
});

describe('a crop message', () => {
  const crop = (over: object = {}, bytes = CROP_BYTES): Crop => ({
    round: {
      stream: 's',
      sequence: 1n,
      look: 0,
      partition: 3,
      epoch: 1n,
      people: 1,
      openedMs: 0,
      deadlineMs: 250,
      ...over,
    },
    pixels: new Uint8Array(bytes),
  });

  it('is read where it holds what it says', () => {
    expect(termsOf(crop())).toMatchObject({ sequence: 1n });
    expect(termsOf(crop({ people: 2 }, 2 * CROP_BYTES))).toMatchObject({ people: 2 });
    expect(cropOf(new Uint8Array(2 * CROP_BYTES), 1).byteOffset).toBe(CROP_BYTES);
  });

  it.each([
    ['no round', { round: undefined, pixels: new Uint8Array(CROP_BYTES) }],
    ['a byte too few', crop({}, CROP_BYTES - 1)],
    ['nobody', crop({ people: 0 }, 0)],
    ['a crowd', crop({ people: 17 }, 17 * CROP_BYTES)],
    ['a partition that is none', crop({ partition: 8 })],
    ['a stream that is no token', crop({ stream: 'a.b' })],
  ])('is refused with %s', (_, message) => {
    expect(termsOf(message)).toBeTypeOf('string');
  });
});

describe('the canary crop', () => {
  it('is the same everywhere', () => {
    const digest = createHash('sha256').update(canaryCrop()).digest('hex');
    expect(digest).toMatchInlineSnapshot(
      `"728dc3311c084fdd2e99def0a9ae426eec833e574d42024bd63d66e2864139c3"`,
    );
  });
});
