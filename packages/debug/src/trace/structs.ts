// SPDX-License-Identifier: Apache-2.0
// Structures of the kernel's interface on x86-64, as strace prints them when it abbreviates.
import { ACCESS, EPOLL, POLL, SA, SIGNALS, SS, STATX, flagText } from './flags.js';
import type { Names } from './flags.js';
import type { Kind, Scene } from './kind.js';
import { argOf, filled, octal, pointer, succeeded } from './kind.js';
import { readWhole } from '../memory.js';
import { buffer, quoted } from './text.js';

/** Most elements of an array that are read. */
const ELEMENTS = 32;

/** A structure of `size` bytes behind a pointer. */
export function structure(
  size: number,
  text: (view: DataView, scene: Scene) => string | Promise<string>,
): Kind {
  return {
    async show(value, scene) {
      if (value === 0n) return 'NULL';
      const view = await readWhole(scene.memory, value, size);
      return view === undefined ? pointer(value) : text(view, scene);
    },
  };
}

/** As many structures as `count` says, in brackets. */
export function array(
  size: number,
  count: (scene: Scene) => bigint,
  text: (view: DataView, scene: Scene) => string | Promise<string>,
): Kind {
  return {
    async show(value, scene) {
      if (value === 0n) return 'NULL';
      const all = count(scene);
      const shown = Number(all < ELEMENTS ? all : ELEMENTS);
      const view = await readWhole(scene.memory, value, size * shown);
      if (view === undefined) return pointer(value);
      const parts: string[] = [];
      for (let i = 0; i < shown; i++)
        parts.push(await text(new DataView(view.buffer, view.byteOffset + i * size, size), scene));
      return `[${parts.join(', ')}${all > ELEMENTS ? ', ...' : ''}]`;
    },
  };
}

const u64 = (view: DataView, at: number): bigint => view.getBigUint64(at, true);
const i64 = (view: DataView, at: number): bigint => view.getBigInt64(at, true);
const u32 = (view: DataView, at: number): number => view.getUint32(at, true);
const u16 = (view: DataView, at: number): number => view.getUint16(at, true);

const timespecText = (view: DataView, at = 0): string =>
  `{tv_sec=${i64(view, at)}, tv_nsec=${i64(view, at + 8)}}`;
export const TIMESPEC: Kind = structure(16, (view) => timespecText(view));
export const TIMESPECS: Kind = structure(32, (view) => `[${timespecText(view)}, ${timespecText(view, 16)}]`);
const timevalText = (view: DataView, at = 0): string =>
  `{tv_sec=${i64(view, at)}, tv_usec=${i64(view, at + 8)}}`;
export const TIMEVAL: Kind = structure(16, (view) => timevalText(view));
export const ITIMERVAL: Kind = structure(
  32,
  (view) => `{it_interval=${timevalText(view)}, it_value=${timevalText(view, 16)}}`,
);
export const ITIMERSPEC: Kind = structure(
  32,
  (view) => `{it_interval=${timespecText(view)}, it_value=${timespecText(view, 16)}}`,
);

const FILE_TYPES: Names = {
  S_IFREG: 0o100000,
  S_IFSOCK: 0o140000,
  S_IFIFO: 0o010000,
  S_IFLNK: 0o120000,
  S_IFDIR: 0o040000,
  S_IFBLK: 0o060000,
  S_IFCHR: 0o020000,
};
const SPECIAL: Names = { S_ISUID: 0o4000, S_ISGID: 0o2000, S_ISVTX: 0o1000 };

function modeText(mode: number): string {
  const type = Object.entries(FILE_TYPES).find(([, bits]) => bits === (mode & 0o170000))?.[0];
  const special = mode & 0o7000;
  const parts = [type ?? octal(mode & 0o170000), ...(special === 0 ? [] : [flagText(SPECIAL, special)])];
  return [...parts, octal(mode & 0o777)].join('|');
}

const isDevice = (mode: number): boolean => [0o020000, 0o060000].includes(mode & 0o170000);

export const STAT: Kind = structure(144, (view) => {
  const mode = u32(view, 24);
  const device = u64(view, 40);
  const major = (device >> 8n) & 0xfffn;
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  const hex = (value: bigint): string => (value === 0n ? '0' : `0x${value.toString(16)}`);
  const what = isDevice(mode) ? `st_rdev=makedev(${hex(major)}, ${hex(minor)})` : `st_size=${i64(view, 48)}`;
  return `{st_mode=${modeText(mode)}, ${what}, ...}`;
});

export const STATX_BUFFER: Kind = structure(256, (view) => {
  const mask = flagText(STATX, u32(view, 0));
  const mode = modeText(u16(view, 28));
  return `{stx_mask=${mask}, stx_attributes=${u64(view, 8)}, stx_mode=${mode}, stx_size=${u64(view, 40)}, ...}`;
});

/** What is left of a result that fills vectors one after the other. */
class Left {
  bytes: bigint;
  constructor(bytes: bigint) {
    this.bytes = bytes;
  }
  take(most: bigint): bigint {
    const part = this.bytes < most ? this.bytes : most;
    this.bytes -= part;
    return part;
  }
}

async function iovecText(view: DataView, scene: Scene, left?: Left): Promise<string> {
  const length = u64(view, 8);
  const text = await buffer(scene.memory, u64(view, 0), left === undefined ? length : left.take(length));
  return `{iov_base=${text}, iov_len=${length}}`;
}

/** Vectors whose count is the argument `count`. */
export function iovecsIn(count: number): Kind {
  return array(
    16,
    (scene) => argOf(scene, count),
    (view, scene) => iovecText(view, scene),
  );
}

export function iovecsOut(count: number): Kind {
  return filled({
    show(value, scene) {
      const left = new Left(scene.result ?? 0n);
      const vectors = array(
        16,
        (of) => argOf(of, count),
        (view, of) => iovecText(view, of, left),
      );
      return vectors.show(value, scene);
    },
  });
}

/** struct msghdr; `left` is what was received, absent for what is sent. */
async function messageText(view: DataView, scene: Scene): Promise<string> {
  const count = u64(view, 24);
  const left = succeeded(scene) ? new Left(scene.result ?? 0n) : undefined;
  const vectors = array(
    16,
    () => count,
    (one, of) => iovecText(one, of, left),
  );
  const list = await vectors.show(u64(view, 16), scene);
  const control = u64(view, 40);
  return (
    `{msg_name=${pointer(u64(view, 0))}, msg_namelen=${u32(view, 8)}, msg_iov=${list}, msg_iovlen=${count}, ` +
    `${control === 0n ? '' : `msg_control=${pointer(u64(view, 32))}, `}msg_controllen=${control}, msg_flags=${u32(view, 48)}}`
  );
}
export const MESSAGE: Kind = structure(56, messageText);

/** A signal's name. */
export function signalText(number: number): string {
  if (number === 32) return 'SIGRTMIN';
  if (number > 32 && number <= 64) return `SIGRT_${number - 32}`;
  return Object.entries(SIGNALS).find(([, each]) => each === number)?.[0] ?? String(number);
}

/** `[INT TERM]`, or `~[…]` where most are in it. */
export function signalSetText(set: bigint): string {
  const names = (of: bigint): string =>
    Array.from({ length: 64 }, (_, i) => i + 1)
      .filter((number) => (of >> BigInt(number - 1)) & 1n)
      .map((number) => signalText(number).slice(3))
      .join(' ');
  const most = set.toString(2).replaceAll('0', '').length > 32;
  return most ? `~[${names(~set & 0xffff_ffff_ffff_ffffn)}]` : `[${names(set)}]`;
}

export const SIGNAL_SET: Kind = structure(8, (view) => signalSetText(u64(view, 0)));

export const SIGACTION: Kind = structure(32, (view) => {
  const handler = ['SIG_DFL', 'SIG_IGN'][Number(u64(view, 0))] ?? pointer(u64(view, 0));
  const flags = u32(view, 8);
  const name = (flags & 4) === 0 || handler.startsWith('SIG_') ? 'sa_handler' : 'sa_sigaction';
  const restorer = (flags & 0x4000000) === 0 ? '' : `, sa_restorer=${pointer(u64(view, 16))}`;
  return `{${name}=${handler}, sa_mask=${signalSetText(u64(view, 24))}, sa_flags=${flagText(SA, flags)}${restorer}}`;
});

export const STACK: Kind = structure(
  24,
  (view) =>
    `{ss_sp=${pointer(u64(view, 0))}, ss_flags=${flagText(SS, u32(view, 8))}, ss_size=${u64(view, 16)}}`,
);

/** `8192*1024`, `RLIM64_INFINITY` */
function limitText(value: bigint, infinity: string): string {
  if (value === 0xffff_ffff_ffff_ffffn) return infinity;
  return value > 1024n && value % 1024n === 0n ? `${value / 1024n}*1024` : String(value);
}
const rlimit = (infinity: string): Kind =>
  structure(
    16,
    (view) =>
      `{rlim_cur=${limitText(u64(view, 0), infinity)}, rlim_max=${limitText(u64(view, 8), infinity)}}`,
  );
export const RLIMIT_ANY: Kind = rlimit('RLIM_INFINITY');
export const RLIMIT64: Kind = rlimit('RLIM64_INFINITY');

const pollIn = (view: DataView): string => {
  const fd = view.getInt32(0, true);
  return fd < 0 ? `{fd=${fd}}` : `{fd=${fd}, events=${flagText(POLL, u16(view, 4))}}`;
};
export const POLLFDS: Kind = array(8, (scene) => argOf(scene, 1), pollIn);

/** What poll says beside its result: the entries that have events. */
export async function pollResult(scene: Scene): Promise<string> {
  const count = Math.min(Number(argOf(scene, 1)), ELEMENTS);
  const view = await readWhole(scene.memory, argOf(scene, 0), 8 * count);
  const ready = Array.from({ length: view === undefined ? 0 : count }, (_, i) => 8 * i).flatMap((at) =>
    view === undefined || u16(view, at + 6) === 0
      ? []
      : [`{fd=${view.getInt32(at, true)}, revents=${flagText(POLL, u16(view, at + 6))}}`],
  );
  return `[${ready.join(', ')}]`;
}

const eventText = (view: DataView): string => {
  const data = u64(view, 4);
  return `{events=${flagText(EPOLL, u32(view, 0))}, data={u32=${data & 0xffffffffn}, u64=${data}}}`;
};
export const EPOLL_EVENT: Kind = structure(12, eventText);
export const EPOLL_EVENTS: Kind = filled(array(12, (scene) => scene.result ?? 0n, eventText));

export const UTSNAME: Kind = structure(390, (view) => {
  const text = (at: number): string => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, 65);
    return quoted(bytes.subarray(0, bytes.indexOf(0)));
  };
  return `{sysname=${text(0)}, nodename=${text(65)}, ...}`;
});

export const INT_POINTER: Kind = structure(4, (view) => `[${view.getInt32(0, true)}]`);
export const INT_PAIR: Kind = structure(
  8,
  (view) => `[${view.getInt32(0, true)}, ${view.getInt32(4, true)}]`,
);
export const WINSIZE: Kind = structure(
  8,
  (view) =>
    `{ws_row=${u16(view, 0)}, ws_col=${u16(view, 2)}, ws_xpixel=${u16(view, 4)}, ws_ypixel=${u16(view, 6)}}`,
);

/** Directory entries, which strace counts. */
export const DIRENTS: Kind = filled({
  async show(value, { memory, result = 0n }) {
    const bytes = await memory(value, Math.min(Number(result), 1 << 20));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let count = 0;
    for (let at = 0; at + 19 <= bytes.length; count++) at += Math.max(u16(view, at + 16), 19);
    return `${pointer(value)} /* ${count} ${count === 1 ? 'entry' : 'entries'} */`;
  },
});

/** F_OK, or what is asked for. */
export const ACCESS_MODE: Kind = { show: (value) => flagText(ACCESS, Number(value & 0xffffffffn)) };
export const SIGNAL: Kind = { show: (value) => signalText(Number(BigInt.asIntN(32, value))) };
