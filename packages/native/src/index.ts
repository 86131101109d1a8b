import { load } from './load.js';
import type * as border from './native.js';

export type { AgentInfo, BundleInfo, Header, SquadInfo } from './native.js';

const native = load();

export const version: border.Native['version'] = native.version;
export const simd: border.Native['simd'] = native.simd;
export const describe: border.Native['describe'] = native.describe;
export const probe: border.Native['probe'] = native.probe;
export const decode: border.Native['decode'] = native.decode;
export const cut: border.Native['cut'] = native.cut;
export const encodeJpeg: border.Native['encodeJpeg'] = native.encodeJpeg;
export const encodePng: border.Native['encodePng'] = native.encodePng;
export const fuse: border.Native['fuse'] = native.fuse;

export const Frame: border.FrameClass = native.Frame;
export type Frame = border.Frame;
export const Swarm: border.SwarmClass = native.Swarm;
export type Swarm = border.Swarm;
