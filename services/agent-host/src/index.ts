export { Bundles } from './bundles.js';
export { Canary } from './canary.js';
export * from './core/canary.js';
export * from './core/clash.js';
export * from './core/duty.js';
export * from './core/layout.js';
export * from './core/terms.js';
export { Host, type HostSettings, type LoadKernel } from './host.js';
export { type Kernel, Looker } from './look.js';
