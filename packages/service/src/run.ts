import { hostname } from 'node:os';
import { Fault } from '@murmuration/protocol/bus';
import { createLog, type Logger, startTracing } from '@murmuration/telemetry';
import { Config } from './config.js';
import { serveHealth } from './health.js';

export const VERSION = '0.1.0';

/** A service that has started. */
export interface Running {
  /** Null while it is well, else why it is not. */
  well(): string | null;
  /** Finishes what is under way and lets go of everything. Bounded by {@link DRAIN_MS}. */
  drain(): Promise<void>;
  /** Resolves when it cannot go on: the process then ends with 1. Absent where nothing of the kind can happen. */
  readonly failure?: Promise<Fault>;
}

export interface Setting {
  readonly config: Config;
  readonly log: Logger;
  /** This process's name among its kind. */
  readonly id: string;
}

/** The longest that a process takes to end after SIGTERM. */
export const DRAIN_MS = 8000;

/** A name that is not taken: of the machine and the process, fit for a subject. */
function madeUpId(kind: string): string {
  const machine = hostname()
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 40);
  return `${kind}-${machine}-${process.pid}`;
}

/**
 * The life of a service process: reads its id from `idVariable`, starts tracing and health (`HEALTH_PORT`, off when
 * unset), runs `start`, and drains on SIGTERM or SIGINT. Ends with 0 after a drain and 1 after a fault, which is logged with its
 * advice.
 */
export async function run(
  kind: string,
  idVariable: string,
  start: (setting: Setting) => Promise<Running>,
): Promise<void> {
  const config = new Config();
  const id = config.text(idVariable, madeUpId(kind));
  const log = createLog(kind, id);
  const stopTracing = await startTracing(`murmuration-${kind}`, id, VERSION);
  try {
    const running = await start({ config, log, id });
    const port = config.number('HEALTH_PORT', 0, { min: 0, max: 65535 });
    const health = port === 0 ? null : await serveHealth(port, () => running.well());
    const ending = stopSignal();
    const why = await (running.failure === undefined ? ending : Promise.race([ending, running.failure]));
    if (why instanceof Fault) throw why;
    log.info({ signal: why }, 'draining');
    await bounded(running.drain(), log);
    health?.close();
    await stopTracing();
    log.info('ended');
    process.exit(0);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    log.fatal({ code: fault.code, advice: fault.advice, cause: String(fault.cause ?? '') }, fault.message);
    await stopTracing();
    process.exit(1);
  }
}

/**
 * What asks the process to end: a signal or, where `MURMURATION_SUPERVISED` is 1, the end of stdin, which a supervisor
 * holds open: it comes even when the supervisor is killed, so that nothing is left running.
 */
function stopSignal(): Promise<string> {
  return new Promise((stopped) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped(signal));
    if (process.env['MURMURATION_SUPERVISED'] !== '1') return;
    process.stdin
      .on('error', () => {})
      .once('close', () => stopped('supervisor gone'))
      .resume()
      .unref();
  });
}

async function bounded(drain: Promise<void>, log: Logger): Promise<void> {
  const timer = setTimeout(() => {
    log.error({ afterMs: DRAIN_MS }, 'draining took too long; ending anyway');
    process.exit(1);
  }, DRAIN_MS);
  await drain;
  clearTimeout(timer);
}
