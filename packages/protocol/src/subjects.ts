/**
 * Every subject and bucket on the bus. Nothing else in the project spells one.
 *
 * A token is one part of a subject: 1 to 64 of `A-Z a-z 0-9 _ -`.
 */

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

/** Whether a name can stand in a subject. */
export function isToken(name: string): boolean {
  return TOKEN.test(name);
}

function token(name: string): string {
  if (!isToken(name))
    throw new RangeError(`"${name}" cannot stand in a subject: use 1 to 64 of A-Z a-z 0-9 _ -`);
  return name;
}

/** Streams are dealt out to consensus processes in this many partitions. */
export const PARTITIONS = 8;

/** FNV-1a over the stream's token: the same stream is always fused in the same partition. */
export function partitionOf(stream: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}

export const subjects = {
  /** Beat, host -> orchestrators. */
  beat: (host: string): string => `swarm.host.${token(host)}.beat`,
  beats: 'swarm.host.*.beat',
  /** Order and OrderReply, leader -> host. */
  order: (host: string): string => `swarm.host.${token(host)}.do`,
  /** Crop, orchestrator -> hosts. */
  crop: (stream: string): string => `swarm.crop.${token(stream)}`,
  crops: 'swarm.crop.*',
  /** RoundOpened, orchestrator -> consensus. */
  round: (partition: number, stream: string): string => `swarm.round.${partition}.${token(stream)}`,
  rounds: (partition: number): string => `swarm.round.${partition}.*`,
  /** Vote, host -> consensus. A host may publish under its own token only. */
  vote: (partition: number, host: string): string => `swarm.vote.${partition}.${token(host)}`,
  votes: (partition: number): string => `swarm.vote.${partition}.*`,
  /** Decision, consensus -> orchestrator and hosts. */
  decision: (partition: number, stream: string): string => `swarm.decision.${partition}.${token(stream)}`,
  decisionsIn: (partition: number): string => `swarm.decision.${partition}.*`,
  decisions: (stream: string): string => `swarm.decision.*.${token(stream)}`,
  /** Event, all -> all. */
  event: (kind: string): string => `swarm.event.${token(kind)}`,
  events: 'swarm.event.*',
} as const;

/** The host that a vote or beat was published by, as the bus's permissions vouch for it. */
export function hostOf(subject: string): string | null {
  const parts = subject.split('.');
  if (parts[1] === 'vote') return parts[3] ?? null;
  if (parts[1] === 'host') return parts[2] ?? null;
  return null;
}

export const buckets = {
  placement: 'placement',
  leases: 'leases',
  /** Consensus processes that live; a key vanishes when it is not written for {@link MEMBER_TTL_MS}. */
  members: 'members',
  reputation: 'reputation',
  /** Object store. */
  models: 'models',
} as const;

/** How long a consensus process's record outlives its last writing. */
export const MEMBER_TTL_MS = 5000;

export const keys = {
  placement: 'current',
  leader: 'leader',
  partition: (partition: number): string => `partition.${partition}`,
  partitions: 'partition.*',
  member: (consensus: string): string => `member.${token(consensus)}`,
  members: 'member.>',
  reputation: (host: string, squad: string): string => `${token(host)}.${token(squad)}`,
  manifest: (bundle: string): string => `${bundle}.manifest.json`,
  weights: (bundle: string): string => `${bundle}.weights.safetensors`,
} as const;
