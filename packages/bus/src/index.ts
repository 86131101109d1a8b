export * from './bus.js';
export * from './lease.js';
export * from './models.js';
export { MIN_SERVER, serverIsNewEnough } from './server.js';
export * from './watch.js';
