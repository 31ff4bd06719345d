// SPDX-License-Identifier: Apache-2.0
// Names of constants, each in the order in which strace prints them; from linux/*.h and asm/*.h of Linux 6.1.
import type { Kind } from './kind.js';
import { hex, u32 } from './kind.js';

/** Name to value. */
export type Names = Readonly<Record<string, number>>;

/** The names of the bits that are set, and what is left in hexadecimal. */
export function flagText(names: Names, value: number, none = '0'): string {
  if (value === 0) return Object.entries(names).find(([, bits]) => bits === 0)?.[0] ?? none;
  const parts: string[] = [];
  let left = value;
  for (const [name, bits] of Object.entries(names)) {
    if (bits === 0 || (left & bits) >>> 0 !== bits >>> 0) continue;
    parts.push(name);
    left = (left & ~bits) >>> 0;
  }
  if (left !== 0) parts.push(hex(left));
  return parts.join('|');
}

export function flags(names: Names): Kind {
  return { show: (value) => flagText(names, u32(value)) };
}

/** The name of a value; `prefix` says of what kind an unknown one is. */
export function oneText(names: Names, value: number, prefix: string): string {
  const name = Object.entries(names).find(([, each]) => each === value)?.[0];
  return name ?? `${hex(value)} /* ${prefix}_??? */`;
}

export function one(names: Names, prefix: string): Kind {
  return { show: (value) => oneText(names, u32(value), prefix) };
}

/** `NAME` for each of a list, numbered from `from`. */
function counted(prefix: string, text: string, from = 0): Names {
  return Object.fromEntries(
    text
      .trim()
      .split(/\s+/)
      .map((name, i) => [`${prefix}${name}`, from + i]),
  );
}

/** `NAME` for each of a list, a bit each from bit `from` on. */
function bitNames(prefix: string, text: string, from = 0): Names {
  return Object.fromEntries(
    text
      .trim()
      .split(/\s+/)
      .map((name, i) => [`${prefix}${name}`, 2 ** (from + i)]),
  );
}

export const O_ACCESS: Names = counted('O_', 'RDONLY WRONLY RDWR');
export const O_FLAGS: Names = {
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_SYNC: 0o4010000,
  O_DSYNC: 0o10000,
  O_DIRECT: 0o40000,
  O_LARGEFILE: 0o100000,
  O_NOFOLLOW: 0o400000,
  O_NOATIME: 0o1000000,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
  O_TMPFILE: 0o20200000,
  O_DIRECTORY: 0o200000,
  O_ASYNC: 0o20000,
};

/** `O_RDWR|O_CREAT` */
export function openText(value: number): string {
  const access = oneText(O_ACCESS, value & 3, 'O');
  const rest = (value & ~3) >>> 0;
  return rest === 0 ? access : `${access}|${flagText(O_FLAGS, rest)}`;
}
export const OPEN: Kind = { show: (value) => openText(u32(value)) };

export const PROT: Names = {
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  PROT_GROWSDOWN: 0x1000000,
  PROT_GROWSUP: 0x2000000,
};
export const MAP: Names = {
  MAP_FILE: 0,
  MAP_SHARED_VALIDATE: 3,
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_32BIT: 0x40,
  MAP_NORESERVE: 0x4000,
  MAP_POPULATE: 0x8000,
  MAP_NONBLOCK: 0x10000,
  MAP_GROWSDOWN: 0x100,
  MAP_DENYWRITE: 0x800,
  MAP_EXECUTABLE: 0x1000,
  MAP_LOCKED: 0x2000,
  MAP_STACK: 0x20000,
  MAP_HUGETLB: 0x40000,
  MAP_SYNC: 0x80000,
  MAP_FIXED_NOREPLACE: 0x100000,
};
export const MREMAP: Names = bitNames('MREMAP_', 'MAYMOVE FIXED DONTUNMAP');
export const MADV: Names = {
  ...counted('MADV_', 'NORMAL RANDOM SEQUENTIAL WILLNEED DONTNEED'),
  ...counted(
    'MADV_',
    'FREE REMOVE DONTFORK DOFORK MERGEABLE UNMERGEABLE HUGEPAGE NOHUGEPAGE DONTDUMP DODUMP WIPEONFORK KEEPONFORK COLD PAGEOUT POPULATE_READ POPULATE_WRITE',
    8,
  ),
};
export const MSYNC: Names = { MS_ASYNC: 1, MS_INVALIDATE: 2, MS_SYNC: 4 };
export const AT: Names = {
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_SYMLINK_FOLLOW: 0x400,
  AT_NO_AUTOMOUNT: 0x800,
  AT_EMPTY_PATH: 0x1000,
};
/** faccessat2 gives bit 0x200 another name. */
export const AT_ACCESS: Names = { AT_SYMLINK_NOFOLLOW: 0x100, AT_EACCESS: 0x200, AT_EMPTY_PATH: 0x1000 };
export const ACCESS: Names = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
export const STATX_SYNC: Names = {
  AT_STATX_SYNC_AS_STAT: 0,
  AT_STATX_FORCE_SYNC: 0x2000,
  AT_STATX_DONT_SYNC: 0x4000,
  ...AT,
};
export const STATX: Names = {
  STATX_ALL: 0xfff,
  STATX_BASIC_STATS: 0x7ff,
  ...bitNames('STATX_', 'TYPE MODE NLINK UID GID ATIME MTIME CTIME INO SIZE BLOCKS BTIME MNT_ID DIOALIGN'),
};
export const RENAME: Names = bitNames('RENAME_', 'NOREPLACE EXCHANGE WHITEOUT');
export const SEEK: Names = counted('SEEK_', 'SET CUR END DATA HOLE');
export const LOCK: Names = { LOCK_SH: 1, LOCK_EX: 2, LOCK_NB: 4, LOCK_UN: 8 };
export const FALLOC: Names = bitNames(
  'FALLOC_FL_',
  'KEEP_SIZE PUNCH_HOLE NO_HIDE_STALE COLLAPSE_RANGE ZERO_RANGE INSERT_RANGE UNSHARE_RANGE',
);
export const CLOCK: Names = counted(
  'CLOCK_',
  'REALTIME MONOTONIC PROCESS_CPUTIME_ID THREAD_CPUTIME_ID MONOTONIC_RAW REALTIME_COARSE MONOTONIC_COARSE BOOTTIME REALTIME_ALARM BOOTTIME_ALARM',
);
export const TIMER: Names = { TIMER_ABSTIME: 1 };
export const ITIMER: Names = counted('ITIMER_', 'REAL VIRTUAL PROF');
export const GRND: Names = bitNames('GRND_', 'NONBLOCK RANDOM INSECURE');
export const SIG_HOW: Names = counted('SIG_', 'BLOCK UNBLOCK SETMASK');
export const SA: Names = {
  SA_RESTORER: 0x4000000,
  SA_ONSTACK: 0x8000000,
  SA_RESTART: 0x10000000,
  SA_INTERRUPT: 0x20000000,
  SA_NODEFER: 0x40000000,
  SA_RESETHAND: 0x80000000,
  SA_SIGINFO: 4,
  SA_NOCLDSTOP: 1,
  SA_NOCLDWAIT: 2,
};
export const SS: Names = { SS_ONSTACK: 1, SS_DISABLE: 2, SS_AUTODISARM: 0x80000000 };
export const SIGNALS: Names = counted(
  'SIG',
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS',
  1,
);
export const ARCH: Names = {
  ARCH_SET_GS: 0x1001,
  ARCH_SET_FS: 0x1002,
  ARCH_GET_FS: 0x1003,
  ARCH_GET_GS: 0x1004,
  ARCH_CET_STATUS: 0x3001,
};
export const RLIMIT: Names = counted(
  'RLIMIT_',
  'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME',
);
export const RUSAGE: Names = { RUSAGE_SELF: 0, RUSAGE_CHILDREN: 0xffffffff, RUSAGE_THREAD: 1 };
export const F_COMMANDS: Names = {
  ...counted('F_', 'DUPFD GETFD SETFD GETFL SETFL GETLK SETLK SETLKW SETOWN GETOWN SETSIG GETSIG'),
  F_SETOWN_EX: 15,
  F_GETOWN_EX: 16,
  F_OFD_GETLK: 36,
  F_OFD_SETLK: 37,
  F_OFD_SETLKW: 38,
  F_SETLEASE: 1024,
  F_GETLEASE: 1025,
  F_DUPFD_CLOEXEC: 1030,
  F_SETPIPE_SZ: 1031,
  F_GETPIPE_SZ: 1032,
  F_ADD_SEALS: 1033,
  F_GET_SEALS: 1034,
};
export const FD_CLOEXEC: Names = { FD_CLOEXEC: 1 };
export const IOCTL: Names = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  FIOCLEX: 0x5451,
};
export const FUTEX: Names = counted(
  'FUTEX_',
  'WAIT WAKE FD REQUEUE CMP_REQUEUE WAKE_OP LOCK_PI UNLOCK_PI TRYLOCK_PI WAIT_BITSET WAKE_BITSET WAIT_REQUEUE_PI CMP_REQUEUE_PI LOCK_PI2',
);
export const CLONE: Names = {
  CLONE_VM: 0x100,
  CLONE_FS: 0x200,
  CLONE_FILES: 0x400,
  CLONE_SIGHAND: 0x800,
  CLONE_PIDFD: 0x1000,
  CLONE_PTRACE: 0x2000,
  CLONE_VFORK: 0x4000,
  CLONE_PARENT: 0x8000,
  CLONE_THREAD: 0x10000,
  CLONE_NEWNS: 0x20000,
  CLONE_SYSVSEM: 0x40000,
  CLONE_SETTLS: 0x80000,
  CLONE_PARENT_SETTID: 0x100000,
  CLONE_CHILD_CLEARTID: 0x200000,
  CLONE_DETACHED: 0x400000,
  CLONE_CHILD_SETTID: 0x1000000,
};
export const AF: Names = {
  AF_UNSPEC: 0,
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  AF_PACKET: 17,
  AF_VSOCK: 40,
};
export const SOCK: Names = counted('SOCK_', 'STREAM DGRAM RAW RDM SEQPACKET', 1);
export const SOCK_FLAGS: Names = { SOCK_CLOEXEC: 0o2000000, SOCK_NONBLOCK: 0o4000 };
export const IPPROTO: Names = {
  IPPROTO_IP: 0,
  IPPROTO_ICMP: 1,
  IPPROTO_TCP: 6,
  IPPROTO_UDP: 17,
  IPPROTO_IPV6: 41,
};
export const SOL: Names = { SOL_IP: 0, SOL_SOCKET: 1, SOL_TCP: 6, SOL_UDP: 17, SOL_IPV6: 41 };
export const SO: Names = counted(
  'SO_',
  'DEBUG REUSEADDR TYPE ERROR DONTROUTE BROADCAST SNDBUF RCVBUF KEEPALIVE OOBINLINE NO_CHECK PRIORITY LINGER BSDCOMPAT REUSEPORT PASSCRED PEERCRED RCVLOWAT SNDLOWAT RCVTIMEO_OLD SNDTIMEO_OLD',
  1,
);
export const TCP: Names = counted(
  'TCP_',
  'NODELAY MAXSEG CORK KEEPIDLE KEEPINTVL KEEPCNT SYNCNT LINGER2 DEFER_ACCEPT WINDOW_CLAMP INFO QUICKACK',
  1,
);
export const MSG: Names = {
  MSG_OOB: 1,
  MSG_PEEK: 2,
  MSG_DONTROUTE: 4,
  MSG_CTRUNC: 8,
  MSG_TRUNC: 0x20,
  MSG_DONTWAIT: 0x40,
  MSG_EOR: 0x80,
  MSG_WAITALL: 0x100,
  MSG_NOSIGNAL: 0x4000,
  MSG_MORE: 0x8000,
  MSG_WAITFORONE: 0x10000,
  MSG_CMSG_CLOEXEC: 0x40000000,
};
export const SHUT: Names = counted('SHUT_', 'RD WR RDWR');
export const POLL: Names = {
  POLLIN: 1,
  POLLPRI: 2,
  POLLOUT: 4,
  POLLRDNORM: 0x40,
  POLLWRNORM: 0x100,
  POLLRDBAND: 0x80,
  POLLWRBAND: 0x200,
  POLLMSG: 0x400,
  POLLRDHUP: 0x2000,
  POLLERR: 8,
  POLLHUP: 0x10,
  POLLNVAL: 0x20,
};
export const EPOLL: Names = {
  EPOLLIN: 1,
  EPOLLPRI: 2,
  EPOLLOUT: 4,
  EPOLLRDNORM: 0x40,
  EPOLLRDBAND: 0x80,
  EPOLLWRNORM: 0x100,
  EPOLLWRBAND: 0x200,
  EPOLLMSG: 0x400,
  EPOLLERR: 8,
  EPOLLHUP: 0x10,
  EPOLLRDHUP: 0x2000,
  EPOLLEXCLUSIVE: 0x10000000,
  EPOLLWAKEUP: 0x20000000,
  EPOLLONESHOT: 0x40000000,
  EPOLLET: 0x80000000,
};
export const EPOLL_CTL: Names = counted('EPOLL_CTL_', 'ADD DEL MOD', 1);
export const EPOLL_CREATE: Names = { EPOLL_CLOEXEC: 0o2000000 };
export const EFD: Names = { EFD_SEMAPHORE: 1, EFD_CLOEXEC: 0o2000000, EFD_NONBLOCK: 0o4000 };
export const TFD: Names = { TFD_CLOEXEC: 0o2000000, TFD_NONBLOCK: 0o4000 };
export const TFD_SET: Names = { TFD_TIMER_ABSTIME: 1, TFD_TIMER_CANCEL_ON_SET: 2 };
export const PIPE: Names = { O_CLOEXEC: 0o2000000, O_NONBLOCK: 0o4000, O_DIRECT: 0o40000 };
export const MEMFD: Names = { MFD_CLOEXEC: 1, MFD_ALLOW_SEALING: 2, MFD_HUGETLB: 4 };
export const PR: Names = {
  PR_SET_PDEATHSIG: 1,
  PR_GET_PDEATHSIG: 2,
  PR_GET_DUMPABLE: 3,
  PR_SET_DUMPABLE: 4,
  PR_SET_NAME: 15,
  PR_GET_NAME: 16,
  PR_SET_NO_NEW_PRIVS: 38,
  PR_GET_NO_NEW_PRIVS: 39,
  PR_SET_VMA: 0x53564d41,
};
export const RSEQ: Names = { RSEQ_FLAG_UNREGISTER: 1 };
