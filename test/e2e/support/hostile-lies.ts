// SPDX-License-Identifier: Apache-2.0
// The lies that a row's definition calls for, as the hostile helper tells them, and how each must end.
import { DATA_OFFSET, DATA_SIZE, HOSTCALL_BLOCK } from '@motte/hostcall/block';
import { ALWAYS, ERRNO } from '@motte/hostcall/errno';
import { intSize } from '@motte/hostcall/row';
import type { FieldCheck, NumberCheck, Row } from '@motte/hostcall/row';
import { LIE_KIND } from '@motte/loader/protocol/messages';
import { whenStrict } from '@motte/test-helpers/emulation';
import type { Lie } from '@motte/loader/helper/start';

const U64 = (1n << 64n) - 1n;
const LONG_MAX = (1n << 63n) - 1n;

/** A host, and what must come of it: a reason, or `exited N`; several where the host's threads race. */
export interface HostileCase {
  readonly name: string;
  readonly lies: readonly Lie[];
  readonly expected: string | readonly string[];
  /** How long it may take, where it takes for ever. */
  readonly timeMs?: number;
}

/** What `hostcalls ROW` asks for, and what an honest host makes of it. */
export interface Honest {
  /** Exit status of the program. */
  readonly status: number;
  /** The length argument. */
  readonly count?: bigint;
  readonly outLength: number;
  /** Where its output begins in the data area: behind a path. */
  readonly outAt?: number;
  /** How the program ends where a value that is legal is none that it asked for, by the field's name. */
  readonly legal?: Readonly<Record<string, string>>;
}

/** Standard input is a pipe with `in\n` in it, so some calls fail as they do natively. */
export const HONEST: Readonly<Record<string, Honest>> = {
  read: { status: 0, count: 64n, outLength: 3 },
  write: { status: 0, count: 6n, outLength: 0 },
  close: { status: 0, outLength: 0 },
  fstat: { status: 0, outLength: 144 },
  wait: { status: 0, count: 1n, outLength: 8 },
  thread_start: { status: 0, outLength: 0 },
  thread_wake: { status: 0, outLength: 0 },
  mem_tcs: { status: 0, outLength: 0 },
  lseek: { status: ERRNO.ESPIPE, outLength: 0 },
  ioctl_tcgets: { status: ERRNO.ENOTTY, outLength: 0 },
  ioctl_tiocgwinsz: { status: ERRNO.ENOTTY, outLength: 0 },
  ioctl_fionread: { status: 0, outLength: 4 },
  fcntl_getfl: { status: 0, outLength: 0 },
  net_socket: { status: 0, outLength: 0 },
  net_connect: { status: 0, outLength: 0 },
  net_listen: { status: 0, outLength: 0 },
  net_accept: { status: ERRNO.EAGAIN, outLength: 0 },
  net_send: { status: 0, count: 6n, outLength: 0 },
  net_receive: { status: 0, count: 0x11000n, outLength: 0x11000 + 32 },
  net_shutdown: { status: 0, outLength: 0 },
  net_name: { status: 0, outLength: 32 },
  net_option: { status: 0, outLength: 8 },
  net_set_option: { status: 0, outLength: 0 },
  clock_gettime: { status: 0, outLength: 16 },
  clock_getres: { status: 0, outLength: 16 },
  sched_yield: { status: 0, outLength: 0 },
  // Of /data, with `file` and `link` in it.
  openat2: { status: 0, outLength: 152, outAt: 8, legal: { st_mode: `exited ${ERRNO.ENXIO}` } },
  newfstatat: { status: 0, outLength: 152, outAt: 8 },
  readlinkat: { status: 0, count: 4096n, outLength: 4 },
  // First the file index: of one file, /image/file, of 8 bytes.
  image_read: { status: 0, count: 96n, outLength: 96 },
  pread64: { status: 0, count: 64n, outLength: 6 },
  pwrite64: { status: 0, count: 6n, outLength: 0 },
  getdents64: { status: 0, count: 256n, outLength: 96 },
  fsync: { status: 0, outLength: 0 },
  fdatasync: { status: 0, outLength: 0 },
  ftruncate: { status: 0, outLength: 0 },
  fallocate: { status: 0, outLength: 0 },
  fchmod: { status: 0, outLength: 0 },
  utimensat: { status: 0, outLength: 0 },
  fstatfs: { status: 0, outLength: 120 },
  mkdirat: { status: 0, outLength: 0 },
  unlinkat: { status: 0, outLength: 0 },
  linkat: { status: 0, outLength: 0 },
  symlinkat: { status: 0, outLength: 0 },
  renameat2: { status: 0, outLength: 0 },
  mem_restrict: { status: 0, outLength: 0 },
  mem_trim: { status: 0, outLength: 0 },
  mem_remove: { status: 0, outLength: 0 },
  mem_protect: { status: 0, outLength: 0 },
  trace: { status: 0, outLength: 0 },
  balloon_add: { status: 0, outLength: 0 },
  balloon_remove: { status: 0, outLength: 0 },
  vcpu_kick: { status: 0, outLength: 0 },
};

function badResults(row: Row, honest: Honest): bigint[] {
  const allowed = new Set<number>([...ALWAYS, ...row.errnos].map((name) => ERRNO[name]));
  const first = [...Array(134).keys()].find((errno) => errno > 0 && !allowed.has(errno)) ?? 1;
  const values = [-4096n, -(2n ** 63n), -512n, -200n, BigInt(-first)];
  const result = row.result;
  switch (result.kind) {
    case 'zero':
      return [...values, 1n, 2n ** 32n, LONG_MAX];
    case 'range':
      return [
        ...values,
        ...(result.from > 0n ? [0n, result.from - 1n] : []),
        ...(result.to < LONG_MAX ? [result.to + 1n, LONG_MAX] : []),
      ];
    case 'count':
      return [...values, (honest.count ?? 0n) + 1n, 2n ** 32n, LONG_MAX];
    case 'part':
      return [...values, 0n, 1n, BigInt(result.step) + 1n, 2n ** 62n];
    case 'non-zero':
      return [...values, 0n, 2n, LONG_MAX];
  }
}

/** Numbers on the wrong side of each edge, and on the right one. */
function edges(field: FieldCheck, check: NumberCheck): { bad: bigint[]; good: bigint[] } {
  const bits = BigInt(8 * intSize(field.type));
  const most = field.type.startsWith('i') ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  if ('range' in check) {
    const [from, to] = check.range;
    return { bad: [from - 1n, ...(to < most ? [to + 1n, most] : [])], good: [from, to] };
  }
  if ('oneOf' in check) {
    const good = check.oneOf.map(BigInt);
    return { bad: [good.reduce((a, b) => (a > b ? a : b)) + 1n, most], good };
  }
  if ('bits' in check) return { bad: [BigInt(check.bits) + 1n, most], good: [BigInt(check.bits)] };
  throw new Error(`${field.name}: no row has such a check yet`);
}

function fieldCases(
  row: Row,
  honest: Honest,
  lie: (kind: number, value: bigint, more?: Partial<Lie>) => Lie,
): HostileCase[] {
  const out: HostileCase[] = [];
  // The call of the program has one output.
  const buffer = row.args.find((arg) => arg.kind === 'buffer' && arg.direction !== 'in');
  if (buffer?.kind !== 'buffer') return out;
  const reason = buffer.reason ?? 'HOST_RESULT';
  for (const field of buffer.fields ?? []) {
    const add = (value: bigint, expected: string): void => {
      const size = intSize(field.type);
      const at = BigInt(DATA_OFFSET + (honest.outAt ?? 0) + field.at);
      const lies = [lie(LIE_KIND.WRITE, BigInt.asUintN(8 * size, value), { size, at })];
      out.push({ name: `${field.name} is ${value}`, lies, expected });
    };
    if (field.check !== undefined) {
      const { bad, good } = edges(field, field.check);
      for (const value of bad) add(value, reason);
      for (const value of good) add(value, honest.legal?.[field.name] ?? 'exited 0');
    }
    if (field.same === true) for (const value of [-1n, 2n, 77n]) add(value, reason);
    if (field.within !== undefined) for (const bit of [1n, 6n, 15n]) add(1n | (1n << bit), reason);
  }
  return out;
}

/** How the program ends when the host answers with an errno that the row allows. */
function afterError(
  { component, name: row }: Row,
  name: keyof typeof ERRNO,
  truth: string,
): HostileCase['expected'] {
  // The thread was brought all the same, before the Keep heard that it was not, after, or after the program's end.
  if (row === 'thread_start') return [truth, 'ENTRY_STATE', `exited ${ERRNO.EAGAIN}`];
  // Whoever was to be interrupted says itself that it was.
  if (row === 'thread_wake' || row === 'vcpu_kick') return truth;
  // What the host does not take back is its own loss.
  if (row === 'balloon_remove') return truth;
  if (row === 'balloon_add') return 'OUT_OF_MEMORY';
  // Half a change of memory cannot be undone: there the shim takes no error.
  if (component === 'memory' || row === 'mem_tcs') return 'HOST_RESULT';
  // Without its index a Keep cannot begin.
  if (component === 'image') return 'IMAGE_INDEX';
  // Nothing hangs on whether the host listens.
  return component === 'debug' ? truth : `exited ${ERRNO[name]}`;
}

/** Entries of a directory that are none, at the first of a listing (struct linux_dirent64). */
function entryCases(row: Row): HostileCase[] {
  const cases: readonly [name: string, at: number, size: number, value: bigint][] = [
    ['an entry of no length', 16, 2, 0n],
    ['an entry shorter than its head', 16, 2, 16n],
    ['an entry of no whole units', 16, 2, 25n],
    ['an entry longer than all of them', 16, 2, 104n],
    ['an entry longer than anything', 16, 2, 0xfff8n],
    ['an entry that ends within the next', 16, 2, 32n],
    ['a place that is negative', 8, 8, U64],
    ['a type that there is not', 18, 1, 3n],
    ['a type beyond all', 18, 1, 255n],
    ['an empty name', 19, 1, 0n],
    ['a slash in the name', 19, 1, 0x2fn],
    ['a name without an end', 19, 5, 0x4141414141n],
  ];
  return cases.map(([name, at, size, value]) => ({
    name,
    lies: [{ number: row.number, nth: 1, kind: LIE_KIND.WRITE, value, size, at: BigInt(DATA_OFFSET + at) }],
    expected: 'HOST_RESULT',
  }));
}

/** Hosts that have another index, or other contents, than those that were measured. */
function imageCases({ number }: Row): HostileCase[] {
  const lie = (nth: number, kind: number, value: bigint, more: Partial<Lie> = {}): Lie => ({
    number,
    nth,
    kind,
    value: value & U64,
    ...more,
  });
  const gives = (nth: number, bytes: number): readonly Lie[] => [
    lie(nth, LIE_KIND.RESULT, BigInt(bytes)),
    lie(nth, LIE_KIND.OUT_LENGTH, BigInt(Math.max(0, bytes))),
  ];
  const change = (nth: number, at: number): readonly Lie[] => [
    lie(nth, LIE_KIND.WRITE, 0x5an, { size: 1, at: BigInt(DATA_OFFSET + at) }),
  ];
  const one = (name: string, lies: readonly Lie[], expected: string): HostileCase => ({
    name,
    lies,
    expected,
  });
  return [
    one('an index in two parts', gives(1, 95), 'exited 0'),
    one('no index', gives(1, 0), 'IMAGE_INDEX'),
    ...[0, 16, 32, 40, 50, 64, 95].map((at) => one(`byte ${at} of the index`, change(1, at), 'IMAGE_INDEX')),
    ...[0, 3, 7].map((at) => one(`byte ${at} of the contents`, change(2, at), 'IMAGE_CONTENTS')),
    one('a file that is shorter', gives(2, 7), 'IMAGE_CONTENTS'),
    one('a file that is empty', gives(2, 0), 'IMAGE_CONTENTS'),
    one('a file that is longer', gives(2, 9), 'HOST_RESULT'),
    one('a file that cannot be read', gives(2, -ERRNO.EIO), `exited ${ERRNO.EIO}`),
    one('a file that is not served', gives(2, -ERRNO.ENOSYS), `exited ${ERRNO.EIO}`),
  ];
}

/** Hosts that do not do what they say about a thread. */
function threadCases(row: Row): HostileCase[] {
  const withheld = (value: number): readonly Lie[] => [
    { number: row.number, nth: 1, kind: LIE_KIND.WITHHELD, value: BigInt(value) & U64 },
  ];
  // Strict emulation interrupts whoever sleeps, and who is disturbed looks for himself.
  const undone =
    row.name === 'thread_wake' ? whenStrict(['TIME_LIMIT', 'exited 0'], ['TIME_LIMIT']) : 'TIME_LIMIT';
  return [
    { name: 'said and not done', lies: withheld(0), expected: undone, timeMs: 3000 },
    ...(row.name === 'thread_start' ? [...row.errnos, ...ALWAYS] : []).map((name) => ({
      name: `${name}, and not done`,
      lies: withheld(-ERRNO[name]),
      expected: `exited ${ERRNO.EAGAIN}`,
    })),
  ];
}

/** Every kind of lie about a row, at the first call of it that is made. */
function hostileCases(row: Row, honest: Honest): HostileCase[] {
  const lie = (kind: number, value: bigint = 0n, more: Partial<Lie> = {}): Lie => ({
    number: row.number,
    nth: 1,
    kind,
    value: value & U64,
    ...more,
  });
  const one = (name: string, expected: HostileCase['expected'], ...lies: Lie[]): HostileCase => ({
    name,
    lies,
    expected,
  });
  const truth = `exited ${honest.status}`;
  const cases = [
    one('no answer', 'HOST_ORDER', lie(LIE_KIND.UNSERVED)),
    one('an answer to no call', 'HOST_ORDER', lie(LIE_KIND.ANSWERED, 0n)),
    one('an answer to a later call', 'HOST_ORDER', lie(LIE_KIND.ANSWERED, 0xffffffffn)),
    one('ERESUME in place of an answer', 'ENTER_REFUSED', lie(LIE_KIND.RESUME)),
    ...badResults(row, honest).map((value) =>
      one(`the result is ${value}`, 'HOST_RESULT', lie(LIE_KIND.RESULT, value)),
    ),
  ];
  for (const name of new Set([...row.errnos.slice(0, 1), ...ALWAYS])) {
    const errno = lie(LIE_KIND.RESULT, BigInt(-ERRNO[name]));
    const expected = afterError(row, name, truth);
    cases.push(one(`${name}, without data`, expected, errno, lie(LIE_KIND.OUT_LENGTH, 0n)));
    cases.push(one(`${name}, with data`, 'HOST_LENGTH', errno, lie(LIE_KIND.OUT_LENGTH, 8n)));
  }
  const lengths = [
    honest.outLength + 1,
    honest.outLength + 8,
    honest.outLength - 1,
    DATA_SIZE + 1,
    0xffffffff,
  ];
  for (const length of lengths.filter((value) => value >= 0))
    cases.push(one(`out_length is ${length}`, 'HOST_LENGTH', lie(LIE_KIND.OUT_LENGTH, BigInt(length))));
  const fields = ['version', 'number', 'arg0', 'arg1', 'arg2', 'arg3', 'arg4', 'arg5', 'in_length'] as const;
  const pointers = fields.map((field) => {
    const size = field.startsWith('arg') ? 8 : 4;
    const value = BigInt.asUintN(8 * size, 0x7fff_ffff_f000n);
    return lie(LIE_KIND.WRITE, value, { size, at: BigInt(HOSTCALL_BLOCK.offsetOf(field)) });
  });
  cases.push(one('pointers all over the header', truth, ...pointers));
  return [...cases, ...(honest.status === 0 ? fieldCases(row, honest, lie) : [])];
}

/** The truth, and all lies about a row. */
export function casesOf(row: Row, honest: Honest): HostileCase[] {
  return [
    { name: 'the truth', lies: [], expected: `exited ${honest.status}` },
    ...hostileCases(row, honest),
    ...(row.name === 'getdents64' ? entryCases(row) : []),
    ...(row.name === 'image_read' ? imageCases(row) : []),
    ...(row.name.startsWith('thread_') ? threadCases(row) : []),
  ];
}

/** How a Keep ended, in the words of `expected`. */
export function told(end: {
  readonly ended: string;
  readonly status?: number | null;
  readonly cause?: string | null;
}): string {
  return end.ended === 'exited' || end.ended === 'signalled'
    ? `${end.ended} ${end.status}`
    : (end.cause ?? end.ended);
}
