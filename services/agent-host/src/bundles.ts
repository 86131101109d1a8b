import { type BundleFiles, type Bus, loadBundle } from '@murmuration/bus';
import { Fault } from '@murmuration/protocol/bus';

/** The longest that the model store may take. */
const FETCH_MS = 5000;
/** The one in use, and the one that takes its place. */
const KEPT = 2;

/** Bundles out of the model store, the last ones kept, so that a new placement seldom needs the store. */
export class Bundles {
  readonly #bus: Bus;
  readonly #kept = new Map<string, BundleFiles>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** @throws Fault BUNDLE_MISSING, BUNDLE_INVALID, BUS_UNREACHABLE */
  async get(name: string): Promise<BundleFiles> {
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const files = await within(FETCH_MS, loadBundle(this.#bus, name));
    this.#kept.set(name, files);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
    return files;
  }

  /** Fetches it anew the next time: what was kept did not do. */
  forget(name: string): void {
    this.#kept.delete(name);
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(
      () => fail(new Fault('BUS_UNREACHABLE', `The model store gave nothing within ${ms} ms.`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
