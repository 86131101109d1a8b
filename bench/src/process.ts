import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface Usage {
  /** Processor time, user and system, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory, in MiB. */
  readonly memoryMib: number;
}

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** Reads /proc; null where there is none (another system) or the process is gone. */
export function usageOf(pid: number): Usage | null {
  try {
    // The second field is the program's name in brackets, and may hold spaces: count from the last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      memoryMib: Number(resident?.[1] ?? 0) / 1024,
    };
  } catch {
    return null;
  }
}

/** Usage of named processes. */
export type Usages = ReadonlyMap<string, Usage>;

export function usagesOf(pids: ReadonlyMap<string, number>): Usages {
  const usages = new Map<string, Usage>();
  for (const [name, pid] of pids) {
    const usage = usageOf(pid);
    if (usage !== null) usages.set(name, usage);
  }
  return usages;
}

/** Share of one core that each process used between two readings. */
export function cpuShares(before: Usages, after: Usages, seconds: number): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const [name, usage] of after) {
    const earlier = before.get(name);
    if (earlier !== undefined) shares[name] = (usage.cpuSeconds - earlier.cpuSeconds) / seconds;
  }
  return shares;
}
