import { Metadata, status } from '@grpc/grpc-js';
import { CATALOGUE, type ErrorCode, Fault, faultOf, fromGrpc, toGrpc } from '@murmuration/protocol';
import { describe, expect, it } from 'vitest';

const codes = Object.keys(CATALOGUE) as ErrorCode[];

describe('the catalogue of errors', () => {
  it('gives advice and a status that is no success for every code', () => {
    for (const code of codes) {
      const fault = new Fault(code, 'It went wrong.');
      expect(fault.advice, code).toMatch(/^[A-Z].*\.$/);
      expect(fault.grpc, code).not.toBe(status.OK);
    }
  });

  it('survives gRPC whole: code, field, retry', () => {
    for (const code of codes) {
      const fault = new Fault(code, 'It went wrong.', { field: 'boxes[1]' });
      const read = fromGrpc(toGrpc(fault));
      expect(read).toEqual({
        code,
        grpc: fault.grpc,
        message: fault.said,
        field: 'boxes[1]',
        retryMs: fault.retryMs,
      });
      expect(faultOf(toGrpc(fault))).toMatchObject({ code, message: 'It went wrong.', field: 'boxes[1]' });
    }
  });

  it('reads an error that somebody else made', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([255, 1, 2]));
    const error = Object.assign(new Error('gone'), { code: status.UNAVAILABLE, details: 'gone', metadata });
    expect(fromGrpc(error)).toEqual({
      code: null,
      grpc: status.UNAVAILABLE,
      message: 'gone',
      field: null,
      retryMs: null,
    });
  });
});

describe('Fault.from', () => {
  it('keeps a fault, keeps a catalogued code, and wraps the rest with its cause', () => {
    const fault = new Fault('PORT_TAKEN', 'Taken.');
    expect(Fault.from(fault)).toBe(fault);
    expect(Fault.from(Object.assign(new Error('bad'), { code: 'IMAGE_INVALID' })).code).toBe('IMAGE_INVALID');
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(Fault.from(cause)).toMatchObject({ code: 'INTERNAL', message: 'refused', cause });
    expect(Fault.from('odd').message).toBe('odd');
  });
});
