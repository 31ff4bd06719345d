// SPDX-License-Identifier: Apache-2.0
// What gdb sees of a Keep, whatever it runs in, and how it moves it.
import * as assert from 'uvu/assert';
import type { Seen } from './gdb.js';

export interface GdbCase {
  readonly name: string;
  readonly args?: readonly string[];
  /** Keep.toml, where it is not the default one. */
  readonly keep?: string;
  readonly commands: readonly string[];
  readonly check: (seen: Seen) => void;
}

export const VALUES: GdbCase = {
  name: 'breakpoints, steps and values',
  commands: `break main; continue; break leaf; continue; backtrace; info registers rip rsp fs_base
    print counter; print pair; print $mxcsr; step; step; print counter; finish; next
    delete; set var y = 40; print leaf(1); finish; continue`.split(/[;\n] */),
  check: ({ seen, status, out }) => {
    assert.match(seen, /in _start \(\)/, seen);
    assert.match(seen, /Breakpoint 1, main \(argc=1, argv=0x[0-9a-f]{9,12}\) at .*debugged\.c:\d+/);
    assert.match(
      seen,
      /#0 +leaf \(x=2\) at .*\n#1 +0x[0-9a-f]+ in middle \(x=1\) at .*\n#2 +0x[0-9a-f]+ in main \(argc=1/,
    );
    assert.match(seen, /rip +0x[0-9a-f]+ +0x[0-9a-f]+ <leaf\+\d+>/);
    assert.match(seen, /fs_base +0x[0-9a-f]{6,}/);
    assert.match(seen, /\$1 = 7\n\$2 = \{number = 3, half = 2\.5\}\n\$3 = 8064\n/);
    assert.match(seen, /\$4 = 9\n/);
    assert.match(seen, /Value returned is \$5 = 18/);
    assert.match(seen, /\$6 = 20\n/);
    assert.match(seen, /Value returned is \$7 = 43/, seen);
    assert.match(seen, /exited with code 053\]/);
    assert.is(status, 43);
    assert.is(out, 'result 43\n');
  },
};

/** An instruction that the shim carries out. */
export const SERVED: GdbCase = {
  name: 'a step over CPUID is one instruction',
  args: ['cpuid'],
  commands: ['break *&at_cpuid', 'continue', 'stepi', 'print $pc == &after_cpuid', 'delete', 'continue'],
  check: ({ seen, status }) => {
    assert.match(seen, /\$1 = 1\n/, seen);
    assert.is(status, 23);
  },
};

const steps = (count: number): string[] => Array.from({ length: count }, () => ['stepi', 'x/i $pc']).flat();

export const GDB_CASES: readonly GdbCase[] = [
  {
    name: 'registers of every kind are read and written',
    commands: [
      'break leaf',
      'continue',
      ...[
        '$rax = 0x1122334455667788',
        '$r12 = 5',
        '$xmm3.v2_int64[1] = 77',
        '$mxcsr = 0x1fa0',
        '$st7 = 1.5',
        '$fs_base = 0x12345000',
      ].map((what) => `set ${what}`),
      'stepi',
      ...['$rax', '$r12', '$xmm3.v2_int64', '$mxcsr', '$st7', '$fs_base'].map((what) => `print ${what}`),
      'kill',
    ],
    check: ({ seen }) => {
      assert.match(
        seen,
        /\$1 = 1234605616436508552\n\$2 = 5\n\$3 = \{-?\d+, 77\}\n\$4 = 8096\n\$5 = 1\.5\n\$6 = 305418240\n/,
        seen,
      );
    },
  },
  {
    name: 'single steps over a system call',
    commands: ['break write', 'continue', 'delete', ...steps(12), 'continue'],
    check: ({ seen, status }) => {
      assert.match(seen, /=> .*<write\+\d+>:\tsyscall/, seen);
      const after = seen.slice(seen.search(/<write\+\d+>:\tsyscall/));
      assert.match(after, /\n=> .*<write\+\d+>:\tcmp/, seen);
      assert.is(status, 21);
    },
  },
  {
    name: 'threads: where each is, and one breakpoint for all',
    args: ['threads'],
    keep: 'threads = 5\nargs = "host"\n[sgx]\ndebug = true\n',
    commands:
      `break meet; continue; continue; continue; info threads; thread apply all bt; delete; continue`.split(
        '; ',
      ),
    check: ({ seen, status }) => {
      assert.is(seen.match(/Breakpoint 1, meet \(index=(1|2|3|10)\)/g)?.length, 3, seen);
      assert.match(seen, /\(tid 1, in (a system call|the program)\)/);
      assert.match(seen, /#\d+ +0x[0-9a-f]+ in thread \(index=0x\d\)/);
      assert.match(seen, /#\d+ .*in main \(/);
      assert.is(status, 26, seen);
    },
  },
  {
    name: 'a fault stops the program before the Keep ends',
    args: ['fault'],
    commands: ['continue', 'backtrace', 'print counter', 'continue'],
    check: ({ seen, status }) => {
      assert.match(seen, /received signal SIGSEGV.*\nmain \(argc=2.*\n/, seen);
      assert.match(seen, /\$1 = 10/);
      assert.match(seen, /terminated with signal SIGSEGV/);
      assert.is(status, 139);
    },
  },
  {
    name: 'an INT3 of the program’s own stops it behind',
    args: ['int3'],
    commands: ['continue', 'x/1xb $pc-1', 'continue'],
    check: ({ seen, status }) => {
      assert.match(seen, /received signal SIGTRAP/, seen);
      assert.match(seen, /:\t0xcc\n/);
      assert.is(status, 23);
    },
  },
  {
    name: 'detach lets it run',
    commands: ['break main', 'continue', 'break leaf', 'detach'],
    check: ({ seen, status }) => assert.is(status, 21, seen),
  },
  {
    name: 'kill ends it',
    commands: ['break main', 'continue', 'kill'],
    check: ({ out, talk }) => {
      assert.is(out, '');
      assert.match(talk, /ABORTED/);
    },
  },
];
