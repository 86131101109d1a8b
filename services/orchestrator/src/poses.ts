import { type Decision, Fault, JOINTS, type Pose } from '@murmuration/protocol';
import { keypointsOf } from './core/boxes.js';
import type { Crops } from './frames.js';

const POSE_BYTES = JOINTS.length * 16;

/**
 * What the swarm decided, in pixels of the picture.
 * @throws Fault NO_VOTES, and MESSAGE_INVALID where the decision does not fit the question
 */
export function posesOf(
  decision: Decision,
  { boxes, regions }: Pick<Crops, 'boxes' | 'regions'>,
  bundle: string,
): Pose[] {
  if (decision.voted.length === 0)
    throw new Fault('NO_VOTES', `None of ${decision.expected.length} hosts voted in time.`);
  if (decision.poses.length !== boxes.length) {
    const what = `${decision.poses.length} poses for ${boxes.length} people`;
    throw new Fault('MESSAGE_INVALID', `The consensus service decided ${what}.`);
  }
  return decision.poses.map((fused, i) => {
    const region = regions[i];
    const box = boxes[i];
    if (region === undefined || box === undefined || fused.keypoints.length !== POSE_BYTES)
      throw new Fault(
        'MESSAGE_INVALID',
        `The consensus service sent ${fused.keypoints.length} bytes of pose.`,
      );
    const keypoints = keypointsOf(fused.keypoints, region, JOINTS.length);
    return {
      box,
      score: keypoints.reduce((sum, keypoint) => sum + keypoint.confidence, 0) / keypoints.length,
      track: 0,
      keypoints,
      certificate: {
        epoch: decision.round?.epoch ?? 0n,
        votes: decision.voted.length,
        expected: decision.expected.length,
        tolerated: fused.tolerated,
        depth: fused.depth,
        overruled: fused.overruled,
        bundle,
      },
    };
  });
}
