import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { Bus } from '@murmuration/bus';
import { ANSWER_BYTES, ECHO, REPLY_BYTES, REQUEST_SUBJECT } from './floor-terms.js';

/**
 * The other side of the floors, in a process of its own as a service would be: answers requests on the bus and a gRPC
 * stream, with as many bytes as the real answers have and no work between. Ends when its parent does.
 */
const bus = await Bus.connect({ url: process.env['NATS_URL'] ?? '', name: 'bench-peer' });
const reply = new Uint8Array(REPLY_BYTES);
bus.subscribe(
  REQUEST_SUBJECT,
  (message) => message.respond(reply),
  () => {},
);
await bus.flush();

const answer = Buffer.alloc(ANSWER_BYTES);
const server = new Server({ 'grpc.max_receive_message_length': 34 * 1024 * 1024 });
server.addService(ECHO, {
  echo: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', () => call.write(answer));
    call.on('end', () => call.end());
    call.on('error', () => {}); // the client went away
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) process.exit(1);
  process.send?.(port);
});
process.once('disconnect', () => process.exit(0));
