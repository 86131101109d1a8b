/** Prints the path of a nats-server that can be used, having fetched it where there was none; needs the built packages. */
import { obtain } from '@murmuration/nats-server';

try {
  const found = await obtain(process.env, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${found.path}\n`);
} catch (error) {
  process.stderr.write(`${error.said ?? error}\n`);
  process.exitCode = 1;
}
