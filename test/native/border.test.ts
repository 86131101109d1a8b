import { readFileSync } from 'node:fs';
import {
  cut,
  decode,
  describe as describeBundle,
  encodeJpeg,
  encodePng,
  Frame,
  fuse,
  probe,
  Swarm,
  simd,
  version,
} from '@murmuration/native';
import { CATALOGUE } from '@murmuration/protocol';
import { describe, expect, it } from 'vitest';

const CROP = 128 * 128 * 3;
const VOTE = 204;
const golden = new URL('../../native/golden/', import.meta.url);
const read = (name: string): Uint8Array => readFileSync(new URL(name, golden));
const manifest = read('tiny/manifest.json');
const weights = read('tiny/weights.safetensors');
const ids = describeBundle(manifest, weights).squads.map((squad) => squad.id);

/** The code of what `run` throws, which must be in the catalogue and come with a message for people. */
function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    expect(error).toBeInstanceOf(Error);
    expect(Object.keys(CATALOGUE)).toContain(code);
    expect(message.length).toBeGreaterThan(20);
    return code;
  }
  return 'nothing was thrown';
}

describe('the kernel', () => {
  it('says what it is', () => {
    expect(version()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(['scalar', 'avx2', 'avx512']).toContain(simd());
  });

  it('gives the votes that NumPy computed', () => {
    const crops = read('crops.bin');
    const want = read('votes.bin');
    const swarm = new Swarm(manifest, weights, ids);
    expect(swarm.squads()).toEqual(ids);
    const votes = new Uint16Array(ids.length * VOTE);
    for (let i = 0; i * CROP < crops.length; i++) {
      swarm.look(crops.subarray(i * CROP, (i + 1) * CROP), votes);
      const bytes = want.subarray(i * votes.byteLength, (i + 1) * votes.byteLength);
      expect(Buffer.from(votes.buffer).equals(bytes), `crop ${i}`).toBe(true);
    }
  });

  it('tells what is in a bundle', () => {
    const { hash, squads } = describeBundle(manifest, weights);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    for (const squad of squads) {
      expect(squad.multiplyAdds).toBeGreaterThan(0);
      expect(squad.agents.filter((agent) => agent.kind === 'joint').every(({ joint }) => joint >= 0)).toBe(
        true,
      );
      expect(squad.parameters).toBe(squad.agents.reduce((sum, agent) => sum + agent.parameters, 0));
    }
  });

  it('refuses what it cannot run, with a code', () => {
    const swarm = new Swarm(manifest, weights, ids);
    const votes = new Uint16Array(ids.length * VOTE);
    expect(code(() => swarm.look(new Uint8Array(CROP - 1), votes))).toBe('CROP_INVALID');
    expect(code(() => swarm.look(new Uint8Array(CROP), votes.subarray(1)))).toBe('VOTE_INVALID');
    expect(code(() => new Swarm(manifest, weights, ['nobody']))).toBe('SQUAD_UNKNOWN');
    expect(code(() => new Swarm(manifest, weights.subarray(1), ids))).toBe('BUNDLE_INVALID');
    expect(code(() => describeBundle(new Uint8Array(0), weights))).toBe('BUNDLE_INVALID');
  });
});

describe('pictures', () => {
  const rgb = Uint8Array.from({ length: 60 * 40 * 3 }, (_, i) => (i * 7) % 251);

  it('are written, read and cut', () => {
    const png = encodePng(rgb, 60, 40);
    expect(probe(png)).toEqual({ format: 'png', width: 60, height: 40 });
    const frame = decode(png);
    expect([frame.width, frame.height]).toEqual([60, 40]);
    expect(frame.data()).toEqual(rgb);
    expect(probe(encodeJpeg(rgb, 60, 40, 80)).format).toBe('jpeg');

    const [one, two] = [new Uint8Array(CROP), new Uint8Array(2 * CROP)];
    frame.crop(5, 5, 30, one);
    cut(png, 0, 0, 0, Float64Array.of(5, 5, 30, 0, 0, 40), two);
    expect(two.subarray(0, CROP)).toEqual(one);
    cut(rgb, 60, 40, 3, Float64Array.of(5, 5, 30, 0, 0, 40), two);
    expect(two.subarray(0, CROP)).toEqual(one);
  });

  it('are refused with a code', () => {
    expect(code(() => decode(Uint8Array.of(1, 2, 3)))).toBe('IMAGE_INVALID');
    expect(code(() => decode(encodePng(rgb, 60, 40).subarray(0, 100)))).toBe('IMAGE_INVALID');
    expect(code(() => decode(new Uint8Array(33 * 2 ** 20)))).toBe('IMAGE_TOO_LARGE');
    expect(code(() => Frame.fromRaw(rgb, 61, 40, 3))).toBe('IMAGE_INVALID');
    expect(code(() => Frame.fromRaw(rgb, 10_000, 40, 3))).toBe('IMAGE_TOO_LARGE');
    expect(code(() => encodePng(rgb, 61, 40))).toBe('IMAGE_INVALID');
    const frame = Frame.fromRaw(rgb, 60, 40, 3);
    expect(code(() => frame.crop(0, 0, Number.NaN, new Uint8Array(CROP)))).toBe('CROP_INVALID');
    expect(code(() => frame.crop(0, 0, 0, new Uint8Array(CROP)))).toBe('CROP_INVALID');
    expect(code(() => frame.crop(0, 0, 9, new Uint8Array(9)))).toBe('CROP_INVALID');
    expect(code(() => cut(rgb, 60, 40, 3, Float64Array.of(1, 2), new Uint8Array(CROP)))).toBe('CROP_INVALID');
  });
});

describe('fusion', () => {
  /** Four hosts of one squad with one peak; the last one is somewhere else. */
  const votes = new Uint16Array(4 * VOTE);
  for (let h = 0; h < 4; h++) {
    for (let j = 0; j < 17; j++) {
      const at = h === 3 ? 1900 : 800 + 16 * h;
      votes.set([at, at, 40, 60_000], h * VOTE + j * 12);
    }
  }
  const four = Float64Array.of(1, 1, 1, 1);
  const run = (weights: Float64Array, counts = Uint32Array.of(1, 1, 1, 1), joints = 17 * 4) => {
    const out = {
      joints: new Float32Array(joints),
      depths: new Uint32Array(17),
      distances: new Float32Array(4 * 17),
      overruled: new Uint8Array(4 * 17),
    };
    const { depths, distances, overruled } = out;
    const tolerated = fuse(weights, counts, four, votes, 3, out.joints, depths, distances, overruled);
    return { ...out, tolerated };
  };

  it('overrules the host that is far off', () => {
    const { joints, depths, distances, overruled, tolerated } = run(four);
    expect(tolerated).toBe(1);
    for (let j = 0; j < 17; j++) {
      expect(joints[4 * j]).toBeCloseTo(51, 0);
      expect(depths[j]).toBe(3);
      expect([0, 1, 2, 3].map((h) => overruled[h * 17 + j])).toEqual([0, 0, 0, 1]);
      expect(distances[3 * 17 + j]).toBeGreaterThan(90);
    }
  });

  it('is refused with a code', () => {
    expect(code(() => run(Float64Array.of(1, 1, 0, 1)))).toBe('VOTE_INVALID');
    expect(code(() => run(Float64Array.of(1, 1, Number.NaN, 1)))).toBe('VOTE_INVALID');
    expect(code(() => run(four, Uint32Array.of(1, 1, 1, 2)))).toBe('VOTE_INVALID');
    expect(code(() => run(four, Uint32Array.of(1, 1, 2, 0)))).toBe('VOTE_INVALID');
    expect(code(() => run(four, Uint32Array.of(1, 1, 1)))).toBe('VOTE_INVALID');
    expect(code(() => run(four, Uint32Array.of(1, 1, 1, 1), 4))).toBe('VOTE_INVALID');
  });
});
