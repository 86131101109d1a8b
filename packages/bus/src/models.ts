import { createHash } from 'node:crypto';
import { buckets, Fault, keys } from '@murmuration/protocol';
import type { Bus } from './bus.js';

/** A bundle's two files. */
export interface BundleFiles {
  readonly manifest: Uint8Array;
  readonly weights: Uint8Array;
}

/** A bundle's name: the SHA-256 of its manifest, hex. The manifest holds the hash of the weights. */
export function bundleName(manifest: Uint8Array): string {
  return createHash('sha256').update(manifest).digest('hex');
}

/** Puts a bundle into the model store, unless it is there. Returns its name. */
export async function storeBundle(bus: Bus, files: BundleFiles): Promise<string> {
  const name = bundleName(files.manifest);
  const store = await bus.objects(buckets.models);
  // The manifest goes last: whoever finds it finds the weights too.
  if ((await store.info(keys.manifest(name))) === null) {
    await store.putBlob({ name: keys.weights(name) }, files.weights);
    await store.putBlob({ name: keys.manifest(name) }, files.manifest);
  }
  return name;
}

/**
 * Gets a bundle by its name.
 * @throws Fault BUNDLE_MISSING, or BUNDLE_INVALID where what is stored under the name is not what the name says.
 */
export async function loadBundle(bus: Bus, name: string): Promise<BundleFiles> {
  const store = await bus.objects(buckets.models);
  const manifest = await store.getBlob(keys.manifest(name));
  const weights = await store.getBlob(keys.weights(name));
  if (manifest === null || weights === null)
    throw new Fault('BUNDLE_MISSING', `The model store has no bundle ${name}.`);
  if (bundleName(manifest) !== name) {
    throw new Fault(
      'BUNDLE_INVALID',
      `The manifest stored as ${name} has another hash: it was changed or damaged.`,
    );
  }
  return { manifest, weights };
}
