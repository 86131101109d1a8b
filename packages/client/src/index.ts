export type {
  AgentInfo,
  Box,
  DetectResponse,
  GetStatusResponse,
  HostInfo,
  Image,
  Keypoint,
  Pose,
  StreamAnswer,
} from '@murmuration/protocol';
export { Encoding, Fault } from '@murmuration/protocol';
export * from './client.js';
export * from './image.js';
export { FrameStream, type OutgoingFrame, type StreamOptions } from './stream.js';
