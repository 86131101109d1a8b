import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleFiles, bundleName } from '@murmuration/bus';
import { type BundleInfo, describe } from '@murmuration/native';
import { Fault } from '@murmuration/protocol';

export interface Bundle {
  /** SHA-256 of the manifest, hex. */
  readonly hash: string;
  readonly files: BundleFiles;
  /** Its agents and squads, as the kernel read them. */
  readonly info: BundleInfo;
}

/**
 * Reads a bundle's folder and has the kernel check every byte of it.
 * @throws Fault BUNDLE_MISSING, BUNDLE_INVALID
 */
export async function readBundle(folder: string): Promise<Bundle> {
  const [manifest, weights] = await Promise.all([
    read(join(folder, 'manifest.json')),
    read(join(folder, 'weights.safetensors')),
  ]);
  try {
    return { hash: bundleName(manifest), files: { manifest, weights }, info: describe(manifest, weights) };
  } catch (error) {
    const fault = Fault.from(error, 'BUNDLE_INVALID');
    throw new Fault(fault.code, `The bundle in ${folder} is refused: ${fault.message}`, { cause: error });
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Fault('BUNDLE_MISSING', `${path} cannot be read.`, { cause });
  }
}
