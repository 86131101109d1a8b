export * from './errors.js';
export { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js';
export { Status } from './gen/google/rpc/status.js';
export * from './gen/murmuration/v1/bus.js';
export * from './gen/murmuration/v1/ingest.js';
export * from './gen/murmuration/v1/swarm.js';
export * from './joints.js';
export * from './status.js';
export * from './subjects.js';
