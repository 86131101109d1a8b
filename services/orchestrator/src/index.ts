export * from './core/boxes.js';
export * from './core/deadline.js';
export * from './core/lanes.js';
export * from './core/membership.js';
export * from './core/placement.js';
export * from './core/placer.js';
export * from './core/rounds.js';
