import { Command, CommanderError } from 'commander';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { evalCommand } from './commands/eval.js';
import { sendCommand } from './commands/send.js';
import { agentsCommand, hostsCommand } from './commands/state.js';
import { upCommand } from './commands/up.js';
import { sayFault } from './output.js';

const WRONG_USAGE = 2;

const commands = [
  upCommand(),
  demoCommand(),
  sendCommand(),
  evalCommand(),
  hostsCommand(),
  agentsCommand(),
  doctorCommand(),
];
const program = new Command('murmuration').description(
  'a swarm of tiny agents that votes on where joints are',
);
for (const command of commands) program.addCommand(command);
for (const command of [program, ...commands])
  command.exitOverride().showHelpAfterError('(--help shows the usage)');

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
  else {
    sayFault(error);
    process.exitCode = 1;
  }
}
// What is left open by now (a socket that lingers, a child that would not end) must not keep the command from ending.
process.exit();
