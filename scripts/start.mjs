/** `npm start`: sets up, then a local swarm with the sample clip through it. Flags go to `murmuration demo`. */
import { hand, main, setup } from './setup.mjs';

await main(async () => {
  await setup();
  return await hand(['cli/bin/murmuration.js', 'demo', ...process.argv.slice(2)]);
});
