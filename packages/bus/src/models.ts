import { createHash } from 'node:crypto';
import { buckets, Fault, keys } from '@murmuration/protocol/bus';
import type { ObjectStore } from '@nats-io/obj';
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

/** The most bytes that a bundle's files may have: docs/reference/bundle.md. */
const MAX_BYTES = { manifest: 2 * 1024 * 1024, weights: 1024 * 1024 } as const;

/**
 * Gets a bundle by its name. Nothing in the store is trusted: what is too large is not read, and a manifest with another
 * hash than its name is refused. The hash of the weights, which the manifest holds, is checked by the kernel.
 *
 * @throws Fault BUNDLE_MISSING, BUNDLE_INVALID where what is stored under the name is not what the name says,
 * BUS_UNREACHABLE
 */
export async function loadBundle(bus: Bus, name: string): Promise<BundleFiles> {
  const store = await bus.objects(buckets.models);
  const manifest = await read(store, keys.manifest(name), MAX_BYTES.manifest);
  const weights = await read(store, keys.weights(name), MAX_BYTES.weights);
  if (bundleName(manifest) !== name) {
    throw new Fault(
      'BUNDLE_INVALID',
      `The manifest stored as ${name} has another hash: it was changed or damaged.`,
    );
  }
  return { manifest, weights };
}

async function read(store: ObjectStore, key: string, maxBytes: number): Promise<Uint8Array> {
  const missing = (): Fault => new Fault('BUNDLE_MISSING', `The model store has no ${key}.`);
  const failed = (cause: unknown): Fault => {
    const damaged = cause instanceof Error && /digest|corrupt/.test(cause.message);
    const message = `The model store could not give ${key}: ${String(cause)}.`;
    return new Fault(damaged ? 'BUNDLE_INVALID' : 'BUS_UNREACHABLE', message, { cause });
  };
  const info = await store.info(key).catch((cause: unknown) => Promise.reject(failed(cause)));
  if (info === null || info.deleted) throw missing();
  if (info.size > maxBytes) {
    throw new Fault('BUNDLE_INVALID', `${key} has ${info.size} bytes; a bundle's has at most ${maxBytes}.`);
  }
  const blob = await store.getBlob(key).catch((cause: unknown) => Promise.reject(failed(cause)));
  if (blob === null) throw missing();
  return blob;
}
