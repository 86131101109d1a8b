export * from './command.js';
export * from './nats.js';
export * from './ports.js';
export * from './process.js';
export * from './swarm.js';
export * from './temp.js';
export * from './until.js';
