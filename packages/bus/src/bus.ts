import { Fault } from '@murmuration/protocol/bus';
import type { Context } from '@murmuration/telemetry';
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { contextOf, headersFor } from './context.js';
import { checkServer } from './server.js';

export type { KV } from '@nats-io/kv';

export interface BusOptions {
  /** One or more server addresses, comma-separated: `nats://127.0.0.1:4222`. */
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  /** Give up the first connection after this long, in milliseconds. Once connected, the bus is tried for ever. */
  readonly timeoutMs?: number;
}

/** A message as its reader sees it. `data` is only valid while the handler runs, unless copied. */
export interface Received {
  readonly subject: string;
  readonly data: Uint8Array;
  /** The trace that the sender was in. */
  readonly context: Context;
  /** Answers a request; does nothing for a message that asks for no answer. */
  respond(data: Uint8Array): void;
}

export interface Subscribed {
  close(): void;
}

/** `lost` and `restored` come in turn. */
export type BusState = 'lost' | 'restored' | 'closed';

/**
 * One connection to NATS with the settings that the swarm needs: it reconnects for ever, notices a dead server within
 * seconds, sheds instead of buffering while the server is away, and carries trace contexts.
 */
export class Bus {
  readonly #nc: NatsConnection;
  readonly #listeners = new Set<(state: BusState) => void>();
  #connected = true;

  private constructor(nc: NatsConnection) {
    this.#nc = nc;
    void this.#follow();
  }

  /** @throws Fault BUS_UNREACHABLE, BUS_TOO_OLD, BUS_NO_JETSTREAM */
  static async connect(options: BusOptions): Promise<Bus> {
    let nc: NatsConnection;
    try {
      nc = await connect({
        servers: options.url.split(',').map((server) => server.trim()),
        name: options.name,
        timeout: options.timeoutMs ?? 3000,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        reconnectJitter: 100,
        pingInterval: 2000,
        maxPingOut: 2,
        noEcho: false,
      });
    } catch (cause) {
      throw new Fault('BUS_UNREACHABLE', `No NATS server answers at ${options.url}.`, { cause });
    }
    try {
      checkServer(nc.info);
    } catch (error) {
      await nc.close();
      throw error;
    }
    return new Bus(nc);
  }

  /** False while the server is away. */
  get connected(): boolean {
    return this.#connected;
  }

  /** The most bytes that one message may have. */
  get maxPayload(): number {
    return this.#nc.info?.max_payload ?? 1024 * 1024;
  }

  onState(listener: (state: BusState) => void): Subscribed {
    this.#listeners.add(listener);
    return { close: () => this.#listeners.delete(listener) };
  }

  async #follow(): Promise<void> {
    for await (const status of this.#nc.status()) {
      if (status.type === 'disconnect' && this.#connected) this.#set(false, 'lost');
      else if (status.type === 'reconnect' && !this.#connected) this.#set(true, 'restored');
    }
    this.#set(false, 'closed');
  }

  #set(connected: boolean, state: BusState): void {
    this.#connected = connected;
    for (const listener of this.#listeners) listener(state);
  }

  /**
   * Sends and forgets. False where it was shed, because the server is away: what is on the hot path is worth nothing
   * when it comes late, and the client would buffer it without bound.
   */
  publish(subject: string, data: Uint8Array, context?: Context): boolean {
    if (!this.#connected || this.#nc.isClosed() || this.#nc.isDraining()) return false;
    const carrier = headersFor(context);
    this.#nc.publish(subject, data, carrier === undefined ? {} : { headers: carrier });
    return true;
  }

  /**
   * Hands each message to `handler` at once, in order, so that nothing queues up here. `onError` gets what the handler
   * throws, and refusals by the server.
   */
  subscribe(
    subject: string,
    handler: (message: Received) => void,
    onError: (error: unknown) => void,
  ): Subscribed {
    const subscription = this.#nc.subscribe(subject, {
      callback: (error, message: Msg) => {
        if (error !== null) return onError(error);
        try {
          handler({
            subject: message.subject,
            data: message.data,
            context: contextOf(message.headers),
            respond: (data) => void message.respond(data),
          });
        } catch (thrown) {
          onError(thrown);
        }
      },
    });
    return { close: () => subscription.unsubscribe() };
  }

  /** @throws Fault BUS_UNREACHABLE when no answer comes in time. */
  async request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    try {
      return (await this.#nc.request(subject, data, { timeout: timeoutMs })).data;
    } catch (cause) {
      throw new Fault('BUS_UNREACHABLE', `No answer on ${subject} within ${timeoutMs} ms.`, { cause });
    }
  }

  /**
   * A key-value bucket, made where it is not there yet. Reads go to its leader: control state that is read stale is
   * worse than slow. `ttlMs`: keys vanish when they are not written for so long.
   */
  async bucket(name: string, options: { ttlMs?: number } = {}): Promise<KV> {
    const wanted = {
      history: 1,
      allow_direct: false,
      ...(options.ttlMs === undefined ? {} : { ttl: options.ttlMs }),
    };
    return await reaching(`the bucket ${name}`, () => new Kvm(jetstream(this.#nc)).create(name, wanted));
  }

  /** An object store, made where it is not there yet. */
  async objects(name: string): Promise<ObjectStore> {
    return await reaching(`the object store ${name}`, () => new Objm(jetstream(this.#nc)).create(name));
  }

  /** Waits until the server has seen all that was sent. */
  async flush(): Promise<void> {
    await this.#nc.flush();
  }

  /** Ends the subscriptions, lets what is under way finish for at most two seconds, and closes. */
  async close(): Promise<void> {
    if (this.#nc.isClosed()) return;
    const drained = this.#nc.drain().catch(() => {}); // closing is what we want; a lost server cannot be drained
    await Promise.race([drained, new Promise((done) => setTimeout(done, 2000).unref())]);
    await this.#nc.close();
  }
}

async function reaching<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Fault('BUS_UNREACHABLE', `NATS could not open ${what}: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
