export * from './log.js';
export * from './spans.js';
export * from './tracing.js';
