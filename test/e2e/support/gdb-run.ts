// SPDX-License-Identifier: Apache-2.0
// A conversation of gdb.ts, where /dev/kvm is: reads it as JSON from standard input, prints what came of it as a line of JSON.
import { text } from 'node:stream/consumers';
import { debugged, interrupted } from './gdb.js';
import type { Debugged } from './gdb.js';

const one = JSON.parse(await text(process.stdin)) as Debugged;
const { program, options, commands, limit } = one;
// Without commands it is one of ours: what gdb does not do by a script.
const came =
  commands.length === 0 ? { status: await interrupted(program, options, limit) } : await debugged(one);
console.log(JSON.stringify(came));
