import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { CATALOGUE, type ErrorCode, Fault, isErrorCode } from './errors.js';
import type { Any } from './gen/google/protobuf/any.js';
import { BadRequest, ErrorInfo, RetryInfo } from './gen/google/rpc/error_details.js';
import { Status } from './gen/google/rpc/status.js';

const DETAILS = 'grpc-status-details-bin';
const DOMAIN = 'murmuration';

function any(name: string, value: Uint8Array): Any {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value };
}

/** A fault as gRPC carries it: status, message with advice, and google.rpc details in the trailer. */
export function toGrpc(fault: Fault): ServiceError {
  const details = [
    any('ErrorInfo', ErrorInfo.encode({ reason: fault.code, domain: DOMAIN, metadata: {} }).finish()),
  ];
  if (fault.field !== null) {
    const violation = { field: fault.field, description: fault.message };
    details.push(any('BadRequest', BadRequest.encode({ fieldViolations: [violation] }).finish()));
  }
  if (fault.retryMs !== null) {
    const retryDelay = {
      seconds: BigInt(Math.floor(fault.retryMs / 1000)),
      nanos: (fault.retryMs % 1000) * 1e6,
    };
    details.push(any('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  const metadata = new Metadata();
  const encoded = Status.encode({ code: fault.grpc, message: fault.said, details }).finish();
  metadata.set(DETAILS, Buffer.from(encoded));
  return Object.assign(new Error(fault.said), { code: fault.grpc, details: fault.said, metadata });
}

/** What a gRPC error says, with the details that {@link toGrpc} put in. */
export interface GrpcFault {
  /** The catalogue's code, or null where the error came from elsewhere (a proxy, a lost connection). */
  readonly code: ErrorCode | null;
  readonly grpc: status;
  readonly message: string;
  readonly field: string | null;
  readonly retryMs: number | null;
}

/** Reads a gRPC error. Details that cannot be read are passed over. */
export function fromGrpc(error: ServiceError): GrpcFault {
  let code: ErrorCode | null = null;
  let field: string | null = null;
  let retryMs: number | null = null;
  const trailer = error.metadata?.get(DETAILS)[0];
  if (trailer instanceof Buffer) {
    for (const detail of readDetails(trailer)) {
      if (detail.typeUrl.endsWith('.ErrorInfo')) {
        const { reason } = ErrorInfo.decode(detail.value);
        if (isErrorCode(reason)) code = reason;
      } else if (detail.typeUrl.endsWith('.BadRequest')) {
        field = BadRequest.decode(detail.value).fieldViolations[0]?.field ?? null;
      } else if (detail.typeUrl.endsWith('.RetryInfo')) {
        const delay = RetryInfo.decode(detail.value).retryDelay;
        if (delay !== undefined) retryMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
      }
    }
  }
  return { code, grpc: error.code, message: error.details || error.message, field, retryMs };
}

function readDetails(trailer: Buffer): Any[] {
  try {
    return Status.decode(trailer).details;
  } catch {
    return []; // somebody else's trailer
  }
}

/** What an error means that gRPC itself made: on the way, or on the caller's side. */
const ELSEWHERE: { readonly [grpc in status]?: ErrorCode } = {
  [status.CANCELLED]: 'CANCELLED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_PASSED',
  [status.UNAVAILABLE]: 'SERVER_UNREACHABLE',
  // A message over the limit: only a picture can be so large.
  [status.RESOURCE_EXHAUSTED]: 'IMAGE_TOO_LARGE',
};

/** A gRPC error as a Fault, for callers that only want to show it or to act on its code. */
export function faultOf(error: ServiceError): Fault {
  const read = fromGrpc(error);
  const code = read.code ?? ELSEWHERE[read.grpc] ?? 'INTERNAL';
  const message = read.message.replace(` ${CATALOGUE[code].advice}`, '');
  return new Fault(code, message, { cause: error, ...(read.field === null ? {} : { field: read.field }) });
}
