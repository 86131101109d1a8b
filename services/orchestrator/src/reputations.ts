import { type Bus, type Subscribed, watchBucket } from '@murmuration/bus';
import { buckets, keys, ReputationRecord } from '@murmuration/protocol';
import type { Logger } from '@murmuration/telemetry';

/** More than any swarm has: a bound on what a bucket gone wild could make us hold. */
const MOST = 10_000;

/** What consensus thinks of each host and squad, as it last wrote it. */
export class Reputations {
  readonly #values = new Map<string, number>();
  readonly #watch: Subscribed;

  constructor(bus: Bus, log: Logger) {
    this.#watch = watchBucket(bus, {
      bucket: buckets.reputation,
      key: '>',
      onChange: ({ key, value }) => {
        if (value === null) this.#values.delete(key);
        else if (this.#values.has(key) || this.#values.size < MOST)
          this.#values.set(key, ReputationRecord.decode(value).value);
      },
      onError: (error) => log.warn({ error: String(error) }, 'the watch of reputations is begun again'),
    });
  }

  /** Mean over a host's squads; 1 where none is known yet, as consensus seeds it. */
  of(host: string, squads: readonly string[]): number {
    if (squads.length === 0) return 1;
    const values = squads.map((squad) => this.#values.get(keys.reputation(host, squad)) ?? 1);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  }

  close(): void {
    this.#watch.close();
  }
}
