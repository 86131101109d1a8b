import type { Bus, KV, Subscribed } from './bus.js';

/** One key of a bucket as a watcher sees it. */
export interface Watched {
  readonly key: string;
  /** Null where the key was deleted. */
  readonly value: Uint8Array | null;
  readonly revision: number;
}

export interface WatchOptions {
  readonly bucket: string;
  /** One key, or a pattern: `partition.*`. */
  readonly key: string;
  /** As in {@link Bus.bucket}, where the watch comes first and makes the bucket. */
  readonly ttlMs?: number;
  readonly onChange: (change: Watched) => void;
  /** What went wrong; the watch begins again by itself. */
  readonly onError: (error: unknown) => void;
}

/** Pause before a watch that failed is begun again: the server may be starting, and need not be hammered. */
const AGAIN_MS = 250;

type Watch = Awaited<ReturnType<KV['watch']>>;

/**
 * Follows a key or pattern for ever: the values there are first, then each change. After a lost bus it begins anew from
 * the values there are, since a server that comes back may have come back with an empty store, in which a watch of
 * before would wait for ever. So a change may be seen twice: compare revisions where that matters.
 */
export function watchBucket(bus: Bus, options: WatchOptions): Subscribed {
  let open = true;
  let watch: Watch | null = null;
  let wake = (): void => {};

  const follow = async (): Promise<void> => {
    const ttl = options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs };
    const kv = await bus.bucket(options.bucket, ttl);
    watch = await kv.watch({ key: options.key });
    if (!open) return watch.stop();
    for await (const entry of watch) {
      if (!open) return;
      const value = entry.operation === 'PUT' ? entry.value : null;
      options.onChange({ key: entry.key, value, revision: entry.revision });
    }
  };

  const forever = async (): Promise<void> => {
    while (open) {
      try {
        await follow();
      } catch (error) {
        if (open) options.onError(error);
      }
      if (open)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, AGAIN_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
    }
  };

  const states = bus.onState((state) => {
    if (state === 'restored') watch?.stop();
  });
  void forever();
  return {
    close: () => {
      open = false;
      states.close();
      watch?.stop();
      wake();
    },
  };
}
