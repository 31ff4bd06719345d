// SPDX-License-Identifier: Apache-2.0
// How each system call is printed: a row a call, with the classes of strace that it is of and the kinds of its arguments.
import * as F from './flags.js';
import { ADDRESS_LENGTH, addressIn, addressOut } from './address.js';
import type { Kind, Scene } from './kind.js';
import {
  DIR_FD,
  FD,
  HEX,
  INT,
  LONG,
  MODE,
  POINTER,
  SIZE,
  UINT,
  argOf,
  filled,
  hex,
  i32,
  pointer,
  u32,
} from './kind.js';
import * as S from './structs.js';
import { BYTES_OUT, PATH, RANDOM_OUT, VARIABLES_IN, WORDS_IN, bytesIn } from './text.js';

/** The classes of `--trace=%NAME`, as strace has them. */
export const CLASSES = ['file', 'desc', 'memory', 'process', 'signal', 'network'] as const;
export type CallClass = (typeof CLASSES)[number];

/** How a system call is printed. */
export interface Call {
  readonly classes: readonly CallClass[];
  readonly args: readonly Kind[];
  /** How many of them this very call has; all when not given. */
  readonly count?: (scene: Scene) => number;
  /** What the result is, when no number: `0x…`, or with words beside it. */
  readonly result?: 'address' | ((scene: Scene) => string | Promise<string>);
}

const { flags, one } = F;

/** A mode that is there only when a file may be made. */
const CREATES = 0o100 | 0o20000000;
const withMode = (index: number) => (scene: Scene) =>
  (u32(argOf(scene, index)) & CREATES) === 0 ? index + 1 : index + 2;

const SET_FD: readonly number[] = [2];
const FLAG_COMMANDS: readonly number[] = [4];
const WITHOUT: readonly number[] = [1, 3, 9, 11, 1025, 1032, 1034];
const FCNTL: Kind = {
  show(value, scene) {
    const command = u32(argOf(scene, 1));
    if (SET_FD.includes(command)) return F.flagText(F.FD_CLOEXEC, u32(value));
    if (FLAG_COMMANDS.includes(command)) return F.openText(u32(value));
    return [0, 1030, 1031].includes(command) ? String(i32(value)) : pointer(value);
  },
};

function fcntlResult(scene: Scene): string {
  const command = u32(argOf(scene, 1));
  const value = Number(scene.result);
  if (command === 3) return `${hex(value)} (flags ${F.openText(value)})`;
  return command === 1 && value !== 0 ? `${hex(value)} (flags FD_CLOEXEC)` : String(value);
}

const IOCTL: Kind = {
  out: true,
  show(value, scene) {
    const shown: Record<number, Kind> = {
      0x5413: filled(S.WINSIZE),
      0x541b: filled(S.INT_POINTER),
      0x5421: S.INT_POINTER,
    };
    return (shown[u32(argOf(scene, 1))] ?? POINTER).show(value, scene);
  },
};

const FUTEX_PRIVATE = 128;
const FUTEX_REALTIME = 256;
const futexCommand = (scene: Scene): number => u32(argOf(scene, 1)) & ~(FUTEX_PRIVATE | FUTEX_REALTIME);
const FUTEX_OP: Kind = {
  show(value) {
    const all = u32(value);
    const command = F.oneText(F.FUTEX, all & ~(FUTEX_PRIVATE | FUTEX_REALTIME), 'FUTEX');
    const own = (all & FUTEX_PRIVATE) === 0 ? '' : '_PRIVATE';
    return `${command}${own}${(all & FUTEX_REALTIME) === 0 ? '' : '|FUTEX_CLOCK_REALTIME'}`;
  },
};
/** WAIT and WAIT_BITSET take a time there, REQUEUE a count. */
const FUTEX_TIME: Kind = {
  show: (value, scene) => ([3, 4, 5].includes(futexCommand(scene)) ? INT : S.TIMESPEC).show(value, scene),
};
const FUTEX_MASK: Kind = {
  show: (value) => (u32(value) === 0xffffffff ? 'FUTEX_BITSET_MATCH_ANY' : hex(u32(value))),
};
const FUTEX_ARGUMENTS: Record<number, number> = {
  0: 4,
  1: 3,
  3: 5,
  4: 6,
  5: 6,
  6: 4,
  7: 2,
  8: 2,
  9: 6,
  10: 6,
};

const SOCKET_TYPE: Kind = {
  show(value) {
    const all = u32(value);
    const rest = all & ~0xf;
    return `${F.oneText(F.SOCK, all & 0xf, 'SOCK')}${rest === 0 ? '' : `|${F.flagText(F.SOCK_FLAGS, rest)}`}`;
  },
};
const SOCKET_OPTION: Kind = {
  show(value, scene) {
    const level = u32(argOf(scene, 1));
    const names = level === 1 ? F.SO : level === 6 ? F.TCP : {};
    return Object.keys(names).length === 0
      ? String(i32(value))
      : F.oneText(names, u32(value), level === 1 ? 'SO' : 'TCP');
  },
};
/** setsockopt's value: an int, or bytes. */
const OPTION_VALUE: Kind = {
  show: (value, scene) => (argOf(scene, 4) === 4n ? S.INT_POINTER : bytesIn(4)).show(value, scene),
};

const CLONE_FLAGS: Kind = {
  show(value) {
    const signal = u32(value) & 0xff;
    const names = F.flagText(F.CLONE, (u32(value) & ~0xff) >>> 0);
    return `flags=${signal === 0 ? names : `${names}|${S.signalText(signal)}`}`;
  },
};
const named = (name: string, kind: Kind = POINTER): Kind => ({
  show: async (value, scene) => `${name}=${await kind.show(value, scene)}`,
});

/** `LINUX_REBOOT_CMD` and the like are not for a Keep; what has no row is printed with six numbers. */
const PRCTL: Kind = { show: (value, scene) => (u32(argOf(scene, 0)) === 15 ? PATH : HEX).show(value, scene) };
const RLIMIT_OUT = filled(S.RLIMIT64);
const EXIT: Kind = INT;

type Rows = Readonly<
  Record<string, readonly [classes: string, args: readonly Kind[], more?: Omit<Call, 'classes' | 'args'>]>
>;

const FILES: Rows = {
  open: ['file desc', [PATH, F.OPEN, MODE], { count: withMode(1) }],
  openat: ['file desc', [DIR_FD, PATH, F.OPEN, MODE], { count: withMode(2) }],
  creat: ['file desc', [PATH, MODE]],
  close: ['desc', [FD]],
  read: ['desc', [FD, BYTES_OUT, SIZE]],
  write: ['desc', [FD, bytesIn(2), SIZE]],
  pread64: ['desc', [FD, BYTES_OUT, SIZE, LONG]],
  pwrite64: ['desc', [FD, bytesIn(2), SIZE, LONG]],
  readv: ['desc', [FD, S.iovecsOut(2), INT]],
  writev: ['desc', [FD, S.iovecsIn(2), INT]],
  preadv: ['desc', [FD, S.iovecsOut(2), INT, LONG]],
  pwritev: ['desc', [FD, S.iovecsIn(2), INT, LONG]],
  lseek: ['desc', [FD, LONG, one(F.SEEK, 'SEEK')]],
  sendfile: ['desc network', [FD, FD, POINTER, SIZE]],
  copy_file_range: ['desc', [FD, POINTER, FD, POINTER, SIZE, UINT]],
  stat: ['file', [PATH, filled(S.STAT)]],
  lstat: ['file', [PATH, filled(S.STAT)]],
  fstat: ['desc', [FD, filled(S.STAT)]],
  newfstatat: ['file desc', [DIR_FD, PATH, filled(S.STAT), flags(F.AT)]],
  statx: ['file desc', [DIR_FD, PATH, flags(F.STATX_SYNC), flags(F.STATX), filled(S.STATX_BUFFER)]],
  access: ['file', [PATH, S.ACCESS_MODE]],
  faccessat: ['file desc', [DIR_FD, PATH, S.ACCESS_MODE]],
  faccessat2: ['file desc', [DIR_FD, PATH, S.ACCESS_MODE, flags(F.AT_ACCESS)]],
  getcwd: ['file', [filled(PATH), SIZE]],
  chdir: ['file', [PATH]],
  fchdir: ['desc', [FD]],
  readlink: ['file', [PATH, BYTES_OUT, SIZE]],
  readlinkat: ['file desc', [DIR_FD, PATH, BYTES_OUT, SIZE]],
  link: ['file', [PATH, PATH]],
  linkat: ['file desc', [DIR_FD, PATH, DIR_FD, PATH, flags(F.AT)]],
  symlink: ['file', [PATH, PATH]],
  symlinkat: ['file desc', [PATH, DIR_FD, PATH]],
  rename: ['file', [PATH, PATH]],
  renameat: ['file desc', [DIR_FD, PATH, DIR_FD, PATH]],
  renameat2: ['file desc', [DIR_FD, PATH, DIR_FD, PATH, flags(F.RENAME)]],
  unlink: ['file', [PATH]],
  unlinkat: ['file desc', [DIR_FD, PATH, flags(F.AT)]],
  mkdir: ['file', [PATH, MODE]],
  mkdirat: ['file desc', [DIR_FD, PATH, MODE]],
  rmdir: ['file', [PATH]],
  chmod: ['file', [PATH, MODE]],
  fchmod: ['desc', [FD, MODE]],
  fchmodat: ['file desc', [DIR_FD, PATH, MODE]],
  chown: ['file', [PATH, INT, INT]],
  fchown: ['desc', [FD, INT, INT]],
  lchown: ['file', [PATH, INT, INT]],
  fchownat: ['file desc', [DIR_FD, PATH, INT, INT, flags(F.AT)]],
  utimensat: ['file desc', [DIR_FD, PATH, S.TIMESPECS, flags(F.AT)]],
  truncate: ['file', [PATH, LONG]],
  ftruncate: ['desc', [FD, LONG]],
  fallocate: ['desc', [FD, flags(F.FALLOC), LONG, LONG]],
  fsync: ['desc', [FD]],
  fdatasync: ['desc', [FD]],
  sync: ['', []],
  flock: ['desc', [FD, flags(F.LOCK)]],
  getdents64: ['desc', [FD, S.DIRENTS, SIZE]],
  umask: ['', [MODE], { result: ({ result = 0n }) => `0${result.toString(8)}` }],
  fcntl: [
    'desc',
    [FD, one(F.F_COMMANDS, 'F'), FCNTL],
    { count: (scene) => (WITHOUT.includes(u32(argOf(scene, 1))) ? 2 : 3), result: fcntlResult },
  ],
  ioctl: ['desc', [FD, one(F.IOCTL, 'IOCTL'), IOCTL]],
  dup: ['desc', [FD]],
  dup2: ['desc', [FD, FD]],
  dup3: ['desc', [FD, FD, F.OPEN]],
};

const pollDone = async (scene: Scene): Promise<string> =>
  scene.result === 0n ? '0 (Timeout)' : `${scene.result} (${await S.pollResult(scene)})`;

const WAITING: Rows = {
  poll: ['desc', [S.POLLFDS, UINT, INT], { result: pollDone }],
  ppoll: ['desc', [S.POLLFDS, UINT, S.TIMESPEC, S.SIGNAL_SET, SIZE], { result: pollDone }],
  select: ['desc', [INT, POINTER, POINTER, POINTER, S.TIMEVAL]],
  pselect6: ['desc', [INT, POINTER, POINTER, POINTER, S.TIMESPEC, POINTER]],
  epoll_create: ['desc', [INT]],
  epoll_create1: ['desc', [flags(F.EPOLL_CREATE)]],
  epoll_ctl: ['desc', [FD, one(F.EPOLL_CTL, 'EPOLL_CTL'), FD, S.EPOLL_EVENT]],
  epoll_wait: ['desc', [FD, S.EPOLL_EVENTS, INT, INT]],
  epoll_pwait: ['desc', [FD, S.EPOLL_EVENTS, INT, INT, S.SIGNAL_SET, SIZE]],
  eventfd: ['desc', [UINT]],
  eventfd2: ['desc', [UINT, flags(F.EFD)]],
  timerfd_create: ['desc', [one(F.CLOCK, 'CLOCK'), flags(F.TFD)]],
  timerfd_settime: ['desc', [FD, flags(F.TFD_SET), S.ITIMERSPEC, filled(S.ITIMERSPEC)]],
  timerfd_gettime: ['desc', [FD, filled(S.ITIMERSPEC)]],
  pipe: ['desc', [filled(S.INT_PAIR)]],
  pipe2: ['desc', [filled(S.INT_PAIR), flags(F.PIPE)]],
  memfd_create: ['desc', [PATH, flags(F.MEMFD)]],
  nanosleep: ['', [S.TIMESPEC, POINTER]],
  clock_nanosleep: ['', [one(F.CLOCK, 'CLOCK'), flags(F.TIMER), S.TIMESPEC, POINTER]],
  futex: [
    '',
    [POINTER, FUTEX_OP, INT, FUTEX_TIME, POINTER, FUTEX_MASK],
    { count: (scene) => FUTEX_ARGUMENTS[futexCommand(scene)] ?? 6 },
  ],
};

const NETWORK: Rows = {
  socket: ['network desc', [one(F.AF, 'AF'), SOCKET_TYPE, one(F.IPPROTO, 'IPPROTO')]],
  socketpair: ['network desc', [one(F.AF, 'AF'), SOCKET_TYPE, INT, filled(S.INT_PAIR)]],
  bind: ['network desc', [FD, addressIn(2), INT]],
  connect: ['network desc', [FD, addressIn(2), INT]],
  listen: ['network desc', [FD, INT]],
  accept: ['network desc', [FD, addressOut(2), ADDRESS_LENGTH]],
  accept4: ['network desc', [FD, addressOut(2), ADDRESS_LENGTH, flags(F.SOCK_FLAGS)]],
  getsockname: ['network desc', [FD, addressOut(2), ADDRESS_LENGTH]],
  getpeername: ['network desc', [FD, addressOut(2), ADDRESS_LENGTH]],
  sendto: ['network desc', [FD, bytesIn(2), SIZE, flags(F.MSG), addressIn(5), INT]],
  recvfrom: ['network desc', [FD, BYTES_OUT, SIZE, flags(F.MSG), addressOut(5), ADDRESS_LENGTH]],
  sendmsg: ['network desc', [FD, S.MESSAGE, flags(F.MSG)]],
  recvmsg: ['network desc', [FD, filled(S.MESSAGE), flags(F.MSG)]],
  shutdown: ['network desc', [FD, one(F.SHUT, 'SHUT')]],
  setsockopt: ['network desc', [FD, one(F.SOL, 'SOL'), SOCKET_OPTION, OPTION_VALUE, INT]],
  getsockopt: ['network desc', [FD, one(F.SOL, 'SOL'), SOCKET_OPTION, filled(S.INT_POINTER), ADDRESS_LENGTH]],
};

const MEMORY: Rows = {
  mmap: ['memory desc', [POINTER, SIZE, flags(F.PROT), flags(F.MAP), FD, HEX], { result: 'address' }],
  munmap: ['memory', [POINTER, SIZE]],
  mprotect: ['memory', [POINTER, SIZE, flags(F.PROT)]],
  mremap: [
    'memory',
    [POINTER, SIZE, SIZE, flags(F.MREMAP), POINTER],
    { count: (scene) => ((u32(argOf(scene, 3)) & 6) === 0 ? 4 : 5), result: 'address' },
  ],
  madvise: ['memory', [POINTER, SIZE, one(F.MADV, 'MADV')]],
  msync: ['memory', [POINTER, SIZE, flags(F.MSYNC)]],
  mincore: ['memory', [POINTER, SIZE, POINTER]],
  mlock: ['memory', [POINTER, SIZE]],
  munlock: ['memory', [POINTER, SIZE]],
  brk: ['memory', [POINTER], { result: 'address' }],
};

const PROCESS: Rows = {
  execve: ['file process', [PATH, WORDS_IN, VARIABLES_IN]],
  execveat: ['file desc process', [DIR_FD, PATH, WORDS_IN, VARIABLES_IN, flags(F.AT)]],
  exit: ['process', [EXIT]],
  exit_group: ['process', [EXIT]],
  fork: ['process', []],
  vfork: ['process', []],
  clone: [
    'process',
    [CLONE_FLAGS, named('child_stack'), named('parent_tid'), named('child_tidptr'), named('tls')],
  ],
  wait4: ['process', [INT, filled(S.INT_POINTER), HEX, POINTER]],
  arch_prctl: ['process', [one(F.ARCH, 'ARCH'), POINTER]],
  prctl: [
    'process',
    [one(F.PR, 'PR'), PRCTL, HEX, HEX, HEX],
    { count: (scene) => (u32(argOf(scene, 0)) === 15 ? 2 : 5) },
  ],
  uname: ['', [filled(S.UTSNAME)]],
  getrlimit: ['', [one(F.RLIMIT, 'RLIMIT'), filled(S.RLIMIT_ANY)]],
  setrlimit: ['', [one(F.RLIMIT, 'RLIMIT'), S.RLIMIT_ANY]],
  prlimit64: ['', [INT, one(F.RLIMIT, 'RLIMIT'), S.RLIMIT64, RLIMIT_OUT]],
  getrusage: ['', [one(F.RUSAGE, 'RUSAGE'), POINTER]],
  sysinfo: ['', [POINTER]],
  times: ['', [POINTER]],
  sched_getaffinity: ['', [INT, SIZE, POINTER]],
  sched_setaffinity: ['', [INT, SIZE, POINTER]],
  set_tid_address: ['', [POINTER]],
  set_robust_list: ['', [POINTER, SIZE]],
  rseq: ['', [POINTER, HEX, flags(F.RSEQ), HEX]],
  getrandom: ['', [RANDOM_OUT, SIZE, flags(F.GRND)]],
  gettimeofday: ['', [filled(S.TIMEVAL), POINTER]],
  time: ['', [POINTER]],
  clock_gettime: ['', [one(F.CLOCK, 'CLOCK'), filled(S.TIMESPEC)]],
  clock_getres: ['', [one(F.CLOCK, 'CLOCK'), filled(S.TIMESPEC)]],
  setitimer: ['', [one(F.ITIMER, 'ITIMER'), S.ITIMERVAL, filled(S.ITIMERVAL)]],
  getitimer: ['', [one(F.ITIMER, 'ITIMER'), filled(S.ITIMERVAL)]],
  alarm: ['', [UINT]],
  ...Object.fromEntries(
    'getpid gettid getppid getpgrp getuid geteuid getgid getegid sched_yield pause setsid'
      .split(' ')
      .map((name) => [name, ['', []] as const]),
  ),
};

const SIGNAL_ROWS: Rows = {
  rt_sigaction: ['signal', [S.SIGNAL, S.SIGACTION, filled(S.SIGACTION), SIZE]],
  rt_sigprocmask: ['signal', [one(F.SIG_HOW, 'SIG'), S.SIGNAL_SET, filled(S.SIGNAL_SET), SIZE]],
  rt_sigpending: ['signal', [filled(S.SIGNAL_SET), SIZE]],
  rt_sigtimedwait: ['signal', [S.SIGNAL_SET, POINTER, S.TIMESPEC, SIZE]],
  rt_sigsuspend: ['signal', [S.SIGNAL_SET, SIZE]],
  sigaltstack: ['signal', [S.STACK, filled(S.STACK)]],
  kill: ['signal process', [INT, S.SIGNAL]],
  tkill: ['signal process', [INT, S.SIGNAL]],
  tgkill: ['signal process', [INT, INT, S.SIGNAL]],
};

function callsOf(...groups: readonly Rows[]): ReadonlyMap<string, Call> {
  return new Map(
    groups.flatMap((rows) =>
      Object.entries(rows).map(([name, [classes, args, more = {}]]) => {
        const list = CLASSES.filter((each) => classes.split(' ').includes(each));
        return [name, { classes: list, args, ...more }] as const;
      }),
    ),
  );
}

/** Every call that has a row, by its name. */
export const CALLS: ReadonlyMap<string, Call> = callsOf(
  FILES,
  WAITING,
  NETWORK,
  MEMORY,
  PROCESS,
  SIGNAL_ROWS,
);

/** A call without a row: six numbers. */
export const UNKNOWN: Call = { classes: [], args: [HEX, HEX, HEX, HEX, HEX, HEX] };
