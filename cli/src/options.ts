import type { Box } from '@murmuration/protocol';
import { InvalidArgumentError } from 'commander';

/** Where `murmuration up` serves gRPC unless told otherwise. */
export const DEFAULT_ADDRESS = '127.0.0.1:50051';

/** A whole number within bounds, both included, as a flag. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** TCP ports; 0: a free one. */
export const port: (text: string) => number = whole(0, 65535);

/** `x,y,width,height` in pixels; may be given several times. */
export function box(text: string, before: readonly Box[] = []): Box[] {
  const parts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [x, y, width, height] = parts;
  if (parts.length !== 4 || !parts.every(Number.isFinite)) {
    throw new InvalidArgumentError('It must be x,y,width,height in pixels, such as 10,20,200,400.');
  }
  return [...before, { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 }];
}

/** `host:port`. */
export function address(text: string): string {
  if (!/^\S+:\d{1,5}$/.test(text))
    throw new InvalidArgumentError('It must be HOST:PORT, such as 127.0.0.1:50051.');
  return text;
}
