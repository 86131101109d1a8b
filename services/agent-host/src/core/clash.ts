import { type Beat, HostPhase } from '@murmuration/protocol/bus';

/** Start time and chance: of two processes with one host id the later one can tell that it is. */
export function incarnationOf(startMs: number, random: string): string {
  return `${Math.floor(startMs)}-${random}`;
}

/** When a process with this incarnation started; null where no host would name itself so. */
function startOf(incarnation: string): number | null {
  const match = /^(\d{1,15})-[A-Za-z0-9_-]{1,64}$/.exec(incarnation);
  return match === null ? null : Number(match[1]);
}

/**
 * Whether a beat under this host's id shows that another process has it, and that this one must end. While it is still
 * listening (it has not yet sent a beat itself) any other beat does; later the one that started first keeps the id.
 */
export function mustYield(
  own: string,
  beat: Pick<Beat, 'incarnation' | 'phase'>,
  listening: boolean,
): boolean {
  if (beat.incarnation === own || beat.phase === HostPhase.HOST_PHASE_GONE) return false;
  const theirs = startOf(beat.incarnation);
  if (theirs === null) return false;
  if (listening) return true;
  const ours = startOf(own) ?? Number.POSITIVE_INFINITY;
  return theirs < ours || (theirs === ours && beat.incarnation < own);
}
