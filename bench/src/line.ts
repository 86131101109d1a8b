import { type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { IngestClient, type StreamRequest, type StreamResponse } from '@murmuration/protocol';
import type { Line } from './load.js';
import type { Frame } from './pictures.js';

/**
 * Opens a stream that sends the same frame over and over. Bare gRPC on purpose: what the client library adds is not
 * what is measured here.
 */
export async function openLine(address: string, frame: Frame): Promise<Line & { close(): void }> {
  const client = new IngestClient(address, credentials.createInsecure());
  const stream: ClientDuplexStream<StreamRequest, StreamResponse> = client.stream();
  const waiting = new Map<bigint, (good: boolean) => void>();
  let sequence = 0n;

  const credits = await new Promise<number>((granted, failed) => {
    stream.on('error', (error) => {
      failed(error);
      for (const answered of waiting.values()) answered(false);
      waiting.clear();
    });
    stream.on('data', ({ message }: StreamResponse) => {
      if (message?.$case === 'opened') granted(message.value.credits);
      if (message?.$case !== 'answer') return;
      const { sequence: answeredSequence, error, degraded, poses } = message.value;
      waiting.get(answeredSequence)?.(error === undefined && !degraded && poses.length > 0);
      waiting.delete(answeredSequence);
    });
    const open = { stream: `bench-${process.pid}-${Date.now()}`, credits: 0, latestWins: false };
    stream.write({ message: { $case: 'open', value: open } });
  });

  return {
    credits,
    send: () => {
      sequence += 1n;
      const value = { sequence, image: frame.image, boxes: frame.boxes, timeout: undefined };
      return new Promise((answered) => {
        waiting.set(sequence, answered);
        stream.write({ message: { $case: 'frame', value } });
      });
    },
    close: () => {
      stream.cancel();
      client.close();
    },
  };
}
