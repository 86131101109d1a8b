import type { Bus } from '@murmuration/bus';
import { Fault } from '@murmuration/protocol';
import type { SwarmView } from './pipeline.js';
import type { Placements } from './placements.js';

/** How often the swarm is looked at; frames in between go by what was seen last. */
const LOOK_MS = 40;

/** Whether frames can be answered, and whether as well as they should be. */
export class Readiness implements SwarmView {
  readonly #bus: Bus;
  readonly #placements: Placements;
  readonly #onChange: (ready: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #anyHost = false;
  #ready = false;

  /** `onChange`: every squad runs somewhere and the bus is there, or not. */
  constructor(bus: Bus, placements: Placements, onChange: (ready: boolean) => void) {
    this.#bus = bus;
    this.#placements = placements;
    this.#onChange = onChange;
  }

  begin(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get epoch(): bigint {
    return this.#placements.current?.epoch ?? 0n;
  }

  get bundle(): string {
    return this.#placements.current?.bundle ?? '';
  }

  refusal(): Fault | null {
    if (!this.#bus.connected)
      return new Fault('BUS_UNREACHABLE', 'The connection to NATS is lost; it is being tried again.');
    // A "no" is looked at anew: who was just told that the swarm is ready must not be refused until the next look.
    this.#anyHost ||= this.#placements.any;
    return this.#anyHost ? null : new Fault('SWARM_NOT_READY', 'No host runs any squad.');
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#anyHost = this.#placements.any;
    const ready = this.#bus.connected && this.#placements.complete;
    if (ready === this.#ready) return;
    this.#ready = ready;
    this.#onChange(ready);
  }
}
