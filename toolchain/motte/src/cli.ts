// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { CommandSpec } from './grammar/command.js';
import { COMMANDS } from './grammar/commands.js';
import { commandHelp, groupHelp } from './grammar/help.js';
import { parseInput } from './grammar/parse.js';
import { findCommand } from './grammar/usage.js';
import type { Found } from './grammar/usage.js';
import { print, say } from './io/stdout.js';
import { asMotteError, envelope, errorLine, exitStatus, stacks } from './report.js';
import { VERSION } from './version.js';

/** The words that stand for a command in the JSON of one that could not be found. */
function named(argv: readonly string[]): string {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return argv.slice(0, end < 0 ? 3 : Math.min(end, 3)).join(' ');
}

async function runCommand(command: CommandSpec, argv: readonly string[]): Promise<number> {
  const input = parseInput(command, argv);
  if (input.options.help === true) {
    print(commandHelp(command));
    return 0;
  }
  const { run } = await command.load();
  const { result, text, exit = 0 } = await run(input);
  print(input.options.json === true ? envelope(command.name, { result }) : text);
  return exit;
}

/** Help and version, which belong to no command. */
function general(argv: readonly string[]): string | undefined {
  const [first] = argv;
  if (first === '--version' && argv.length === 1) return `${VERSION}\n`;
  if (first === '--help' || first === '-h' || (first === 'help' && argv.length === 1))
    return groupHelp(COMMANDS);
  return undefined;
}

/** What a word that begins several commands comes to: their help, when it is asked for. */
function groupOnly(found: Extract<Found, { group: unknown }>, argv: readonly string[]): number {
  if (argv.includes('--help') || argv.includes('-h')) {
    print(groupHelp(found.group));
    return 0;
  }
  throw new MotteError('USAGE_COMMAND', {
    message: found.words.length === 0 ? 'a command is missing' : `motte ${found.words.join(' ')} what?`,
    expected: found.group.map(({ name }) => name).join(', '),
  });
}

/** `help COMMAND` is `COMMAND --help`. */
function normalised(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' && argv.length > 1 ? [...argv.slice(1), '--help'] : argv;
}

/** Runs a command line and returns its exit status. Never throws. */
export async function cli(line: readonly string[]): Promise<number> {
  const argv = normalised(line);
  let command: CommandSpec | undefined;
  // An error that no promise of ours carries ends the process as any other error does.
  process.once('uncaughtException', (thrown) => process.exit(fail(thrown, command, argv)));
  try {
    const talk = general(argv);
    if (talk !== undefined) {
      print(talk);
      return 0;
    }
    const found = findCommand(argv);
    if (!('command' in found)) return groupOnly(found, argv);
    command = found.command;
    return await runCommand(command, argv.slice(found.taken));
  } catch (thrown) {
    return fail(thrown, command, argv);
  }
}

function fail(thrown: unknown, command: CommandSpec | undefined, argv: readonly string[]): number {
  const error = asMotteError(thrown);
  say(errorLine(error));
  if (process.env['MOTTE_DEBUG'] !== undefined) say(stacks(thrown));
  // What follows FILE on a `run` line is the program’s, and a raw command line another tool’s, `--json` too.
  if (argv.includes('--json') && command?.passes !== true && command?.raw !== true) {
    try {
      print(envelope(command?.name ?? named(argv), { error: error.toJSON() }));
    } catch {
      // the exit status still says it
    }
  }
  return exitStatus(error, command);
}
