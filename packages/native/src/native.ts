/**
 * The whole border to the Rust kernel, declared by hand; `native/napi/src` has the same names. Arrays that a call writes
 * to are the caller's, so that the hot path allocates nothing. Every refusal is an `Error` with a `code`
 * of the catalogue. A value that may be missing is written out (-1, ""), never left undefined.
 */

/** What a picture's header says. */
export interface Header {
  /** jpeg or png. */
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/** A picture in memory, as RGB. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /**
   * Cuts the square at `x, y` with side `side` (pixels of the picture; black outside of it) and scales it into `out`,
   * 128 * 128 * 3 bytes RGB. @throws CROP_INVALID
   */
  crop(x: number, y: number, side: number, out: Uint8Array): void;
  /** A copy of the RGB bytes, row by row. */
  data(): Uint8Array;
}

export interface FrameClass {
  /** Raw pixels, `channels` 3 for RGB or 1 for grey. @throws IMAGE_INVALID, IMAGE_TOO_LARGE */
  fromRaw(bytes: Uint8Array, width: number, height: number, channels: number): Frame;
}

export interface AgentInfo {
  readonly id: string;
  readonly kind: string;
  /** COCO-17 index; -1 where it has none. */
  readonly joint: number;
  /** "" where it has none. */
  readonly region: string;
  readonly parameters: number;
}

export interface SquadInfo {
  readonly id: string;
  readonly parameters: number;
  /** Of one look. */
  readonly multiplyAdds: number;
  readonly agents: readonly AgentInfo[];
}

export interface BundleInfo {
  readonly name: string;
  readonly licence: string;
  /** SHA-256 of the manifest, hex: the bundle's name on the bus. */
  readonly hash: string;
  readonly squads: readonly SquadInfo[];
}

/** The squads of a host, ready to look. */
export interface Swarm {
  /** Their ids, in the order of the votes. */
  squads(): string[];
  /**
   * One look at one person by all squads. `crop`: 128 * 128 * 3 bytes; `votes`: 204 values a squad, as
   * docs/reference/bundle.md lays them out. @throws CROP_INVALID, VOTE_INVALID
   */
  look(crop: Uint8Array, votes: Uint16Array): void;
}

export interface SwarmClass {
  /** @throws BUNDLE_INVALID, SQUAD_UNKNOWN, SIMD_UNSUPPORTED */
  new (manifest: Uint8Array, weights: Uint8Array, squads: readonly string[]): Swarm;
}

export interface Native {
  version(): string;
  /** The path in use: scalar, avx2 or avx512. @throws SIMD_UNSUPPORTED */
  simd(): string;

  /** Checks a bundle whole and tells what is in it. @throws BUNDLE_INVALID */
  describe(manifest: Uint8Array, weights: Uint8Array): BundleInfo;

  /** Reads a picture's header only. @throws IMAGE_INVALID, IMAGE_TOO_LARGE */
  probe(bytes: Uint8Array): Header;
  /** Decodes a JPEG or PNG: at most 8192 pixels a side and 32 MiB. @throws IMAGE_INVALID, IMAGE_TOO_LARGE */
  decode(bytes: Uint8Array): Frame;
  /**
   * Decodes a picture (`channels` 0: JPEG or PNG, `width` and `height` unused; 3 or 1: raw) and cuts a square for each of
   * P people into `out`, P * 128 * 128 * 3 bytes. `regions`: P times x, y, side, as in {@link Frame.crop}. For the hot
   * path: nothing is left to the garbage collector, which does not know how large a {@link Frame} is.
   * @throws IMAGE_INVALID, IMAGE_TOO_LARGE, CROP_INVALID
   */
  cut(
    bytes: Uint8Array,
    width: number,
    height: number,
    channels: number,
    regions: Float64Array,
    out: Uint8Array,
  ): void;
  readonly Frame: FrameClass;
  /** `quality` 1 to 100. @throws IMAGE_INVALID */
  encodeJpeg(rgb: Uint8Array, width: number, height: number, quality: number): Uint8Array;
  /** @throws IMAGE_INVALID */
  encodePng(rgb: Uint8Array, width: number, height: number): Uint8Array;

  readonly Swarm: SwarmClass;

  /**
   * Fuses the votes of a round on one person. In, for H hosts: `weights` [H]; `counts` [H], squads of each; then host by
   * host `squadWeights` and `votes` (204 values a squad); `rhoMax`, the largest ratio of two weights that counts. Out: `joints`
   * [17][x, y, confidence, spread] in crop pixels, `depths` [17], and host by host `distances` [H][17] (-1: no opinion) and
   * `overruled` [H][17] (0 or 1). Returns how many lying hosts the rule tolerates. @throws VOTE_INVALID
   */
  fuse(
    weights: Float64Array,
    counts: Uint32Array,
    squadWeights: Float64Array,
    votes: Uint16Array,
    rhoMax: number,
    joints: Float32Array,
    depths: Uint32Array,
    distances: Float32Array,
    overruled: Uint8Array,
  ): number;
}
