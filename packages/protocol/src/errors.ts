import type { status as GrpcStatus } from '@grpc/grpc-js';

/**
 * The codes of gRPC that are used here (https://grpc.io/docs/guides/status-codes/), written out: agent-hosts and consensus
 * speak no gRPC, and its library is 20 MB of memory.
 */
const status = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const satisfies Partial<Record<keyof typeof GrpcStatus, GrpcStatus>>;

/** One row of the catalogue: what gRPC calls it, and what somebody who meets it should do. */
interface Row {
  readonly grpc: GrpcStatus;
  readonly advice: string;
  /** The same call may succeed after this many milliseconds. */
  readonly retryMs?: number;
}

const row = (grpc: GrpcStatus, advice: string, retryMs?: number): Row =>
  retryMs === undefined ? { grpc, advice } : { grpc, advice, retryMs };

/**
 * Every error that Murmuration gives. Codes are part of the interface: they are added, never renamed. Listed for
 * people in docs/reference/errors.md, which a test keeps equal to this table.
 */
export const CATALOGUE = {
  // What the client sent.
  IMAGE_MISSING: row(
    status.INVALID_ARGUMENT,
    'Send the picture in the field image, with data and an encoding.',
  ),
  IMAGE_INVALID: row(
    status.INVALID_ARGUMENT,
    'Send a whole JPEG or PNG file, or raw bytes of the stated size.',
  ),
  IMAGE_TOO_LARGE: row(
    status.INVALID_ARGUMENT,
    'Scale the picture down: at most 8192 pixels a side and 32 MiB of bytes.',
  ),
  ENCODING_UNKNOWN: row(status.INVALID_ARGUMENT, 'Use one of JPEG, PNG, RGB8, GRAY8.'),
  BOX_INVALID: row(
    status.INVALID_ARGUMENT,
    'Give boxes as finite x, y, width, height in pixels, with an area, overlapping the picture.',
  ),
  TOO_MANY_PEOPLE: row(
    status.INVALID_ARGUMENT,
    'Send at most 16 boxes a frame; send the frame again for the rest.',
  ),
  STREAM_NOT_OPEN: row(
    status.FAILED_PRECONDITION,
    'Begin a stream with one open message, and send no second one.',
  ),
  STREAM_NAME_INVALID: row(status.INVALID_ARGUMENT, 'Name the stream with 1 to 64 of A-Z a-z 0-9 _ -.'),
  STREAM_NAME_TAKEN: row(status.ALREADY_EXISTS, 'Choose another name, or end the stream that has it.'),
  SEQUENCE_NOT_INCREASING: row(
    status.INVALID_ARGUMENT,
    'Number the frames of a stream in strictly increasing order.',
  ),
  MESSAGE_EMPTY: row(status.INVALID_ARGUMENT, 'Set one of the fields of the message.'),

  // Load and time.
  TOO_MANY_IN_FLIGHT: row(
    status.RESOURCE_EXHAUSTED,
    'Wait for answers before sending more: keep within the credits that were granted.',
    50,
  ),
  TOO_MANY_STREAMS: row(status.RESOURCE_EXHAUSTED, 'End a stream, or add an orchestrator.', 1000),
  FRAME_DROPPED: row(status.ABORTED, 'Nothing to do: a later frame took its place, as latest_wins asks.'),
  DEADLINE_PASSED: row(status.DEADLINE_EXCEEDED, 'Allow more time, or send smaller pictures.'),
  NO_VOTES: row(
    status.UNAVAILABLE,
    'See `murmuration hosts`: no host voted in time. Add hosts, or allow more time.',
    250,
  ),
  SWARM_NOT_READY: row(
    status.UNAVAILABLE,
    'Wait until every squad is placed: `murmuration hosts` shows the swarm.',
    500,
  ),
  DRAINING: row(status.UNAVAILABLE, 'This process is ending: connect to another one, or again.', 500),
  CANCELLED: row(status.CANCELLED, 'Nothing to do: the caller gave up.'),
  SERVER_UNREACHABLE: row(
    status.UNAVAILABLE,
    'Check the address, and that an orchestrator serves there: `npx murmuration up` starts a swarm.',
    1000,
  ),

  // The bus.
  BUS_UNREACHABLE: row(
    status.UNAVAILABLE,
    'Start nats-server with JetStream and point NATS_URL at it; `murmuration doctor` checks it.',
    1000,
  ),
  BUS_TOO_OLD: row(status.FAILED_PRECONDITION, 'Use nats-server 2.11 or later: per-key expiry needs it.'),
  BUS_NO_JETSTREAM: row(
    status.FAILED_PRECONDITION,
    'Start nats-server with --jetstream (-js) and a store folder.',
  ),
  HOST_ID_TAKEN: row(
    status.ALREADY_EXISTS,
    'Give each agent-host an id of its own (HOST_ID), or leave it to be made.',
  ),
  ORDER_NOT_MINE: row(
    status.FAILED_PRECONDITION,
    'Nothing to do: the order was for another process with this id.',
  ),
  EPOCH_STALE: row(status.FAILED_PRECONDITION, 'Nothing to do: a newer placement is in force.'),
  MESSAGE_INVALID: row(
    status.INVALID_ARGUMENT,
    'Run the same release everywhere: a message could not be read.',
  ),

  // Models.
  BUNDLE_MISSING: row(
    status.NOT_FOUND,
    'Point BUNDLE at a folder with manifest.json and weights.safetensors.',
  ),
  BUNDLE_INVALID: row(status.FAILED_PRECONDITION, 'Export the bundle again: see training/README.md.'),
  SQUAD_UNKNOWN: row(status.NOT_FOUND, 'Run the same bundle everywhere: the squad is not in this one.'),

  // The kernel and the machine.
  SIMD_UNSUPPORTED: row(
    status.FAILED_PRECONDITION,
    'Set MURMURATION_SIMD to scalar, avx2 or avx512, or leave it unset.',
  ),
  CROP_INVALID: row(status.INVALID_ARGUMENT, 'Give crops of 128 x 128 x 3 bytes.'),
  VOTE_INVALID: row(status.INVALID_ARGUMENT, 'Run the same release everywhere: a vote could not be read.'),
  NATIVE_MISSING: row(status.FAILED_PRECONDITION, 'Build the kernel: npm run build:native.'),
  PORT_TAKEN: row(status.FAILED_PRECONDITION, 'Stop what listens there, or choose another port.'),
  CONFIG_INVALID: row(
    status.INVALID_ARGUMENT,
    'Set the variable or flag as docs/reference/configuration.md says.',
  ),
  TOOL_MISSING: row(
    status.FAILED_PRECONDITION,
    'Run `murmuration doctor`: it says what is missing and how to get it.',
  ),
  FILE_UNREADABLE: row(status.NOT_FOUND, 'Check the path and its permissions.'),
  ANNOTATIONS_INVALID: row(
    status.INVALID_ARGUMENT,
    'Give keypoint annotations in the format of COCO: images, annotations with keypoints and bbox.',
  ),
  FRAMES_UNANSWERED: row(
    status.UNAVAILABLE,
    'See `murmuration hosts`, and the reason given with each such frame.',
  ),
  CHILD_FAILED: row(status.INTERNAL, 'Read its last lines above; `murmuration doctor` checks the machine.'),
  INTERNAL: row(status.INTERNAL, 'This is a fault of Murmuration: please report it with the log.'),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof CATALOGUE;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(CATALOGUE, code);
}

export interface FaultOptions {
  /** The request's field at fault, as a path: `boxes[1].width`. */
  readonly field?: string;
  readonly cause?: unknown;
}

/**
 * The one kind of error that crosses a border between parts. `message` says what is wrong in this case, `advice`
 * what to do.
 */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly field: string | null;

  constructor(code: ErrorCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.field = options.field ?? null;
  }

  get advice(): string {
    return CATALOGUE[this.code].advice;
  }

  get grpc(): GrpcStatus {
    return CATALOGUE[this.code].grpc;
  }

  /** Milliseconds after which the same call may succeed, or null. */
  get retryMs(): number | null {
    const entry: Row = CATALOGUE[this.code];
    return entry.retryMs ?? null;
  }

  /** What is wrong and what to do, in one line. */
  get said(): string {
    const stop = /[.!?:]$/.test(this.message) ? '' : '.';
    return `${this.message}${stop} ${this.advice}`;
  }

  /** Wraps anything that was thrown, once: a Fault stays itself; the kernel's errors keep their code. */
  static from(thrown: unknown, code: ErrorCode = 'INTERNAL'): Fault {
    if (thrown instanceof Fault) return thrown;
    const named = (thrown as { code?: unknown } | null)?.code;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Fault(isErrorCode(named) ? named : code, message, { cause: thrown });
  }
}
