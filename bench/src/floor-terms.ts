import type { ServiceDefinition } from '@grpc/grpc-js';

/** What both sides of the floors know of each other. */
export const REQUEST_SUBJECT = 'bench.floor';
/** About what a host's vote on one person has, with one squad. */
export const REPLY_BYTES = 600;
/** About what an answer with one pose has. */
export const ANSWER_BYTES = 700;

const pass = (value: Buffer): Buffer => value;

export const ECHO: ServiceDefinition = {
  echo: {
    path: '/murmuration.bench.Echo/Echo',
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  },
};
