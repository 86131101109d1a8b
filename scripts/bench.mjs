/** `npm run bench`: sets up, then measures a swarm. Everything but the results goes to stderr. */
import { hand, main, setup } from './setup.mjs';

await main(async () => {
  await setup();
  return await hand(['bench/dist/main.js', ...process.argv.slice(2)]);
});
