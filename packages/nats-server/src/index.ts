export * from './fetch.js';
export * from './locate.js';
export { PINNED_VERSION } from './pins.js';
export * from './server.js';
