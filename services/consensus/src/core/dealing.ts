/** FNV-1a, with the finaliser of MurmurHash3: FNV alone leaves names that differ in their last letter close together. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/**
 * Which of the live members keeps a partition: rendezvous hashing (Thaler and Ravishankar, 1996). Everybody who sees the
 * same members comes to the same answer, and when one goes only its own partitions move, each to the member that was
 * next in line. Null without members.
 */
export function keeperOf(partition: number, members: Iterable<string>): string | null {
  let best: string | null = null;
  let bestScore = -1;
  for (const member of members) {
    const score = hash(`${partition}/${member}`);
    if (score > bestScore || (score === bestScore && best !== null && member < best)) {
      best = member;
      bestScore = score;
    }
  }
  return best;
}

/** What a member is to do for a partition: the keeper decides, whoever is next in line stands by for it. */
export type Part = 'keep' | 'stand-by' | 'none';

export function partOf(member: string, partition: number, members: ReadonlySet<string>): Part {
  const keeper = keeperOf(partition, members);
  if (keeper === member) return 'keep';
  const others = [...members].filter((other) => other !== keeper);
  return keeperOf(partition, others) === member ? 'stand-by' : 'none';
}
