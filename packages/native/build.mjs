// Builds the addon with cargo, which does nothing where nothing has changed, and puts it beside this file.
import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const workspace = join(here, '../../native');
const target = process.env.CARGO_TARGET_DIR ?? join(workspace, 'target');
const library = { darwin: 'libmurmuration_napi.dylib', win32: 'murmuration_napi.dll' }[process.platform];

execFileSync('cargo', ['build', '--release', '--locked', '-p', 'murmuration-napi'], {
  cwd: workspace,
  stdio: 'inherit',
});
// Renamed into place: a running process keeps the file that it has mapped.
const file = join(here, 'murmuration.node');
copyFileSync(join(target, 'release', library ?? 'libmurmuration_napi.so'), `${file}.new`);
renameSync(`${file}.new`, file);
