export * from './bus.js';
export { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js';
export { Status } from './gen/google/rpc/status.js';
export * from './gen/murmuration/v1/ingest.js';
export * from './gen/murmuration/v1/swarm.js';
export * from './status.js';
