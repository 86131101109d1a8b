export * from './incoming.js';
export * from './log.js';
export * from './spans.js';
export * from './sparing.js';
export * from './tracing.js';
