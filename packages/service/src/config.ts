import { Fault } from '@murmuration/protocol/bus';

type Env = Readonly<Record<string, string | undefined>>;

/** Reads settings from environment variables; an empty one counts as unset. Every refusal names the variable. */
export class Config {
  readonly #env: Env;

  constructor(env: Env = process.env) {
    this.#env = env;
  }

  text(name: string, fallback: string): string {
    return this.#env[name] || fallback;
  }

  /** A number within bounds, both included. @throws Fault CONFIG_INVALID */
  number(name: string, fallback: number, bounds: { min: number; max: number }): number {
    const raw = this.#env[name];
    if (!raw) return fallback;
    const value = Number(raw);
    if (!Number.isFinite(value) || value < bounds.min || value > bounds.max) {
      throw new Fault(
        'CONFIG_INVALID',
        `${name} is "${raw}", not a number from ${bounds.min} to ${bounds.max}.`,
        {
          field: name,
        },
      );
    }
    return value;
  }

  /** A text that `fits`. @throws Fault CONFIG_INVALID */
  matching(name: string, fallback: string, fits: (value: string) => boolean, wanted: string): string {
    const value = this.text(name, fallback);
    if (!fits(value))
      throw new Fault('CONFIG_INVALID', `${name} is "${value}", not ${wanted}.`, { field: name });
    return value;
  }
}
