// SPDX-License-Identifier: Apache-2.0
// Whether the tests of the hostile host and the hostile Keep can fail: each mistake below must be found by them.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileHarness, lacking, linkHarness, runCases } from './support/harness.js';
import type { Harness } from './support/harness.js';
import { expectedHostLine, hostLine } from './support/host-model.js';
import { hostCases } from './support/keep-lies.js';
import { guestCases } from './support/lies.js';
import { expectedLine, guestLine } from './support/model.js';
import { ROWS } from './support/rows.js';

interface Mutant {
  readonly name: string;
  readonly row: string;
  /** End of the C file's path. */
  readonly file: string;
  /** Text after which, in the function of the row, the first `from` becomes `to`. */
  readonly after: string;
  readonly from: string;
  readonly to: string;
}

const STDIO = 'generated/hostcall_stdio.c';
const THREADS = 'generated/hostcall_threads.c';
const SHAPES = 'generated/hostcall_shapes.c';
const HOST = 'generated/hostcall_host.c';
const READ = 'long host_read(';

const MUTANTS: readonly Mutant[] = [
  {
    name: 'one byte too many is a result',
    row: 'read',
    file: STDIO,
    after: READ,
    from: '(uint64_t)result > count',
    to: '(uint64_t)result > count + 1',
  },
  {
    name: 'out_length is not looked at',
    row: 'read',
    file: STDIO,
    after: READ,
    from: 'hostcall_wrote(call, (uint64_t)result);',
    to: '',
  },
  {
    name: 'all that was asked for is copied',
    row: 'read',
    file: STDIO,
    after: READ,
    from: 'hostcall_data(call, at_buf), (uint64_t)result)',
    to: 'hostcall_data(call, at_buf), count)',
  },
  {
    name: 'the data is fetched twice',
    row: 'read',
    file: STDIO,
    after: READ,
    from: 'if (copy_in(',
    to: 'if (result > 0 && copy_in(buf, hostcall_data(call, at_buf), 1) == 0 && copy_in(',
  },
  {
    name: 'the block itself is read',
    row: 'read',
    file: STDIO,
    after: READ,
    from: 'if (result < 0)',
    to: 'if ((int64_t)call->block->result < 0)',
  },
  {
    name: 'an errno more is allowed',
    row: 'read',
    file: STDIO,
    after: READ,
    from: 'errnos[3] = { 0x',
    to: 'errnos[3] = { 1ull << 40 | 0x',
  },
  {
    name: 'eight bytes more go out',
    row: 'write',
    file: STDIO,
    after: 'long host_write(',
    from: 'at_buf), buf, count)',
    to: 'at_buf), buf, count + 8)',
  },
  {
    name: 'a field has no bound',
    row: 'fstat',
    file: STDIO,
    after: 'bad_fstat_statbuf(',
    from: '> 0x40000000',
    to: '> 0x40000001',
  },
  {
    name: 'any event may come',
    row: 'wait',
    file: THREADS,
    after: 'bad_wait_fds(',
    from: '| 56u',
    to: '| 0xffffu',
  },
  {
    name: 'events of no descriptor',
    row: 'wait',
    file: THREADS,
    after: 'bad_wait_fds(',
    from: 'hostcall_i32(sent, 0) < 0 ? 0u :',
    to: '',
  },
  {
    name: 'the descriptors may change',
    row: 'wait',
    file: THREADS,
    after: 'bad_wait_fds(',
    from: 'hostcall_i32(came, 0) != hostcall_i32(sent, 0)',
    to: '0',
  },
  {
    name: 'events are not counted',
    row: 'wait',
    file: THREADS,
    after: 'long host_wait(',
    from: 'result != seen',
    to: '0',
  },
  {
    name: 'a length comes back beyond its bound',
    row: 'accept4',
    file: SHAPES,
    after: 'long host_accept4(',
    from: 'length_came > 128',
    to: 'length_came > 129',
  },
  {
    name: 'an address is copied beyond what was asked',
    row: 'accept4',
    file: SHAPES,
    after: 'long host_accept4(',
    from: 'at_address), length_valid)',
    to: 'at_address), length_came)',
  },
  {
    name: 'the wrong call may be answered',
    row: 'close',
    file: 'core/hostcall.c',
    after: 'receive(',
    from: 'call->head.answered != call->sequence',
    to: '0',
  },
  {
    name: 'errnos bring data',
    row: 'close',
    file: 'core/hostcall.c',
    after: 'hostcall_error(',
    from: 'hostcall_wrote(call, 0);',
    to: '',
  },
  {
    name: 'a request answers itself',
    row: 'close',
    file: 'core/hostcall.c',
    after: 'send(',
    from: 'call->sequence - 1',
    to: 'call->sequence',
  },
  {
    name: 'the host reads past the data area',
    row: 'read',
    file: HOST,
    after: 'do_read(',
    from: 'count > 131072',
    to: 'count > 1310720',
  },
  {
    name: 'the host does not compare in_length',
    row: 'write',
    file: HOST,
    after: 'do_write(',
    from: 'head->in_length != at_buf + count',
    to: '0',
  },
  {
    name: 'a descriptor is not translated',
    row: 'wait',
    file: HOST,
    after: 'do_wait(',
    from: 'fd = keep_host_descriptor(host, (uint64_t)fd)',
    to: 'fd = fd & 1',
  },
  {
    name: 'the upper half of an argument is lost',
    row: 'lseek',
    file: HOST,
    after: 'do_lseek(',
    from: '(uint64_t)whence != head->arg2',
    to: '0',
  },
  {
    name: 'a range beyond the Keep',
    row: 'mem_trim',
    file: HOST,
    after: 'do_mem_trim(',
    from: '!keep_host_range(host, offset, length)',
    to: '0',
  },
  {
    name: 'the host fetches a structure twice',
    row: 'wait',
    file: HOST,
    after: 'do_wait(',
    from: 'take(timeout,',
    to: 'take(timeout, data + at_timeout, 8); take(timeout,',
  },
  {
    name: 'the host fetches the header twice',
    row: 'lseek',
    file: HOST,
    after: 'hostcall_serve(',
    from: 'if (head.version == 1',
    to: 'take(&head, block, sizeof(head)); if (head.version == 1',
  },
  {
    name: 'another thread of the host serves what blocks',
    row: 'wait',
    file: HOST,
    after: 'hostcall_serve(',
    from: '!prompt_alone ||',
    to: '1 ||',
  },
  {
    name: 'another thread of the host serves nothing',
    row: 'lseek',
    file: HOST,
    after: 'hostcall_serve(',
    from: '!prompt_alone || hostcall_is_prompt(head.number)',
    to: '!prompt_alone',
  },
  {
    name: "the kernel's own errno comes through",
    row: 'read',
    file: HOST,
    after: 'do_read(',
    from: 'allowed(result, errnos, -EIO)',
    to: 'result',
  },
];

/** The text with one change; the mutant must say where it is. */
function mutate(text: string, mutant: Mutant): string {
  const start = text.indexOf(mutant.after);
  const at = start < 0 ? -1 : text.indexOf(mutant.from, start);
  if (at < 0) throw new Error(`${mutant.name}: the C has no "${mutant.from}" after "${mutant.after}"`);
  return text.slice(0, at) + mutant.to + text.slice(at + mutant.from.length);
}

interface Side {
  readonly lines: readonly string[];
  readonly expected: readonly string[];
}

const sides = new Map<string, Side>();

/** The cases of a row for the guest or for the host. */
function sideOf(name: string, host: boolean): Side {
  const key = `${name} ${host}`;
  const known = sides.get(key);
  if (known !== undefined) return known;
  const index = ROWS.findIndex((row) => row.name === name);
  const row = ROWS[index];
  if (row === undefined) throw new Error(`no row ${name}`);
  const guest = host ? [] : guestCases(row, index);
  const keep = host ? hostCases(row, index) : [];
  const made: Side = {
    lines: [...guest.map((one) => guestLine(one, 1)), ...keep.map((one) => hostLine(ROWS, one))],
    expected: [
      ...guest.map((one) => expectedLine(row, one)),
      ...keep.map((one) => expectedHostLine(ROWS, one)),
    ],
  };
  sides.set(key, made);
  return made;
}

/** Whether the cases find something wrong with a program. */
function found(program: string, { lines, expected }: Side): boolean {
  try {
    return runCases(program, lines).some((line, i) => {
      const wanted = expected[i] ?? '';
      return wanted.startsWith('refuse') ? !line.startsWith(wanted) : line !== wanted;
    });
  } catch (error) {
    // A crash or a broken invariant; anything else is a fault of this test.
    if (error instanceof Error && error.message.startsWith('the harness ended')) return true;
    throw error;
  }
}

const why = lacking();
if (why !== '') console.log(`skipped: mutants of the generated C: ${why}`);
else {
  let harness: Harness;
  test.before(() => {
    harness = compileHarness(false);
  });

  test('without a mistake nothing is found', () => {
    const program = linkHarness(harness);
    for (const { row, file } of MUTANTS) assert.not(found(program, sideOf(row, file === HOST)), row);
  });

  for (const mutant of MUTANTS) {
    test(`found: ${mutant.name}`, () => {
      const source = [...harness.objects.keys()].find((path) => path.endsWith(mutant.file));
      if (source === undefined) throw new Error(`no file ${mutant.file}`);
      const changed = new Map([[source, mutate(readFileSync(source, 'utf8'), mutant)]]);
      assert.ok(found(linkHarness(harness, changed), sideOf(mutant.row, mutant.file === HOST)));
    });
  }
}

test.run();
