/** The part of the protocol that travels over the bus: all that a process needs which speaks no gRPC. */
export * from './errors.js';
export * from './gen/murmuration/v1/bus.js';
export * from './joints.js';
export * from './subjects.js';
