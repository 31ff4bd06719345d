// SPDX-License-Identifier: Apache-2.0

/** How a system call of the application is dealt with. */
export interface Served {
  readonly number: number;
  readonly name: string;
  /** Of the shim (shims/TEE/components.json); a shim without the component answers ENOSYS. */
  readonly component: string;
  /** The host calls that it may take; none: all of it happens inside. */
  readonly calls?: readonly string[];
  /** How it differs from Linux, if it does. */
  readonly doc?: string;
}

const FILES = "of the Keep's own file system; without one there is nothing: ENOENT";
const PAGES = ['mem_restrict', 'mem_protect', 'mem_trim', 'mem_remove'];
const OWN = "of the Keep's own file system";

/** Of calls that wait for files. */
const WAITS = ['poll', 'clock_gettime'];
const EVENTS = 'at most 128 events a call';

/** Every system call that a shim answers with something else than ENOSYS, by component, then by number. */
export const SERVED: readonly Served[] = [
  {
    number: 9,
    name: 'mmap',
    component: 'memory',
    calls: PAGES,
    doc: 'W and X never together; files by copies (LIMITATIONS.md)',
  },
  {
    number: 10,
    name: 'mprotect',
    component: 'memory',
    calls: PAGES,
    doc: "W and X never together; SGX1 has no new X, and the program's own segments get none either",
  },
  { number: 11, name: 'munmap', component: 'memory', calls: PAGES },
  { number: 12, name: 'brk', component: 'memory', calls: PAGES },
  { number: 25, name: 'mremap', component: 'memory', calls: PAGES, doc: 'not of shared mappings of files' },
  { number: 26, name: 'msync', component: 'memory' },
  { number: 27, name: 'mincore', component: 'memory', doc: 'a page of the Keep is in core' },
  {
    number: 28,
    name: 'madvise',
    component: 'memory',
    calls: PAGES,
    doc: 'MADV_DONTNEED leaves segments as they are',
  },
  {
    number: 149,
    name: 'mlock',
    component: 'memory',
    doc: 'brings pages in; they never leave the Keep in plain',
  },
  { number: 150, name: 'munlock', component: 'memory' },
  { number: 151, name: 'mlockall', component: 'memory' },
  { number: 152, name: 'munlockall', component: 'memory' },
  { number: 325, name: 'mlock2', component: 'memory' },

  { number: 0, name: 'read', component: 'stdio', calls: ['read'] },
  { number: 1, name: 'write', component: 'stdio', calls: ['write'] },
  {
    number: 3,
    name: 'close',
    component: 'stdio',
    calls: ['close'],
    doc: 'a host call for the last descriptor of a stream',
  },
  { number: 8, name: 'lseek', component: 'stdio', calls: ['lseek'] },
  { number: 17, name: 'pread64', component: 'stdio', doc: 'ESPIPE for a standard stream' },
  { number: 18, name: 'pwrite64', component: 'stdio', doc: 'ESPIPE for a standard stream' },
  { number: 19, name: 'readv', component: 'stdio', calls: ['read'] },
  { number: 20, name: 'writev', component: 'stdio', calls: ['write'] },
  { number: 32, name: 'dup', component: 'stdio' },
  { number: 33, name: 'dup2', component: 'stdio', calls: ['close'] },
  { number: 292, name: 'dup3', component: 'stdio', calls: ['close'] },

  {
    number: 5,
    name: 'fstat',
    component: 'control',
    calls: ['fstat'],
    doc: 'of the host it says kind, size and times',
  },
  {
    number: 16,
    name: 'ioctl',
    component: 'control',
    calls: ['ioctl_tcgets', 'ioctl_tiocgwinsz', 'ioctl_fionread'],
    doc: 'TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO; others ENOTTY',
  },
  {
    number: 72,
    name: 'fcntl',
    component: 'control',
    calls: ['fcntl_getfl'],
    doc: 'F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_GETPIPE_SZ, F_SETPIPE_SZ; others EINVAL',
  },

  { number: 7, name: 'poll', component: 'poll', calls: WAITS },
  { number: 23, name: 'select', component: 'poll', calls: WAITS },
  { number: 270, name: 'pselect6', component: 'poll', calls: WAITS },
  { number: 271, name: 'ppoll', component: 'poll', calls: WAITS },

  { number: 213, name: 'epoll_create', component: 'epoll' },
  { number: 232, name: 'epoll_wait', component: 'epoll', calls: WAITS, doc: EVENTS },
  { number: 233, name: 'epoll_ctl', component: 'epoll', calls: ['fstat'] },
  { number: 281, name: 'epoll_pwait', component: 'epoll', calls: WAITS, doc: EVENTS },
  { number: 291, name: 'epoll_create1', component: 'epoll' },
  { number: 441, name: 'epoll_pwait2', component: 'epoll', calls: WAITS, doc: EVENTS },

  { number: 22, name: 'pipe', component: 'pipe' },
  { number: 293, name: 'pipe2', component: 'pipe', doc: 'O_DIRECT is EINVAL' },

  {
    number: 41,
    name: 'socket',
    component: 'sockets',
    doc: 'AF_INET and AF_INET6, SOCK_STREAM and SOCK_DGRAM',
  },
  {
    number: 42,
    name: 'connect',
    component: 'sockets',
    calls: ['net_socket', 'net_connect', 'net_option', 'poll'],
    doc: 'EACCES where no [[connect]] says so',
  },
  { number: 43, name: 'accept', component: 'sockets', calls: ['net_accept', 'poll'] },
  { number: 44, name: 'sendto', component: 'sockets', calls: ['net_socket', 'net_send', 'poll'] },
  { number: 45, name: 'recvfrom', component: 'sockets', calls: ['net_receive', 'poll'] },
  {
    number: 46,
    name: 'sendmsg',
    component: 'sockets',
    calls: ['net_socket', 'net_send', 'poll'],
    doc: 'without control messages',
  },
  {
    number: 47,
    name: 'recvmsg',
    component: 'sockets',
    calls: ['net_receive', 'poll'],
    doc: 'without control messages',
  },
  { number: 48, name: 'shutdown', component: 'sockets', calls: ['net_shutdown'] },
  {
    number: 49,
    name: 'bind',
    component: 'sockets',
    doc: 'EACCES where no [[listen]] says so; the wildcard address is the granted one',
  },
  { number: 50, name: 'listen', component: 'sockets', calls: ['net_listen'], doc: 'of a granted port' },
  { number: 51, name: 'getsockname', component: 'sockets', calls: ['net_name'] },
  { number: 52, name: 'getpeername', component: 'sockets', calls: ['poll'] },
  {
    number: 54,
    name: 'setsockopt',
    component: 'sockets',
    calls: ['net_set_option'],
    doc: 'of a list; others ENOPROTOOPT',
  },
  {
    number: 55,
    name: 'getsockopt',
    component: 'sockets',
    calls: ['net_option'],
    doc: 'of a list; others ENOPROTOOPT',
  },
  { number: 288, name: 'accept4', component: 'sockets', calls: ['net_accept', 'poll'] },
  { number: 299, name: 'recvmmsg', component: 'sockets', calls: ['net_receive', 'poll'] },
  { number: 307, name: 'sendmmsg', component: 'sockets', calls: ['net_socket', 'net_send', 'poll'] },

  { number: 284, name: 'eventfd', component: 'eventfd' },
  { number: 290, name: 'eventfd2', component: 'eventfd' },

  {
    number: 283,
    name: 'timerfd_create',
    component: 'timerfd',
    doc: 'REALTIME, MONOTONIC, BOOTTIME; what has expired is computed when somebody looks or waits',
  },
  {
    number: 286,
    name: 'timerfd_settime',
    component: 'timerfd',
    calls: ['clock_gettime'],
    doc: 'a clock that is set cancels no timer',
  },
  { number: 287, name: 'timerfd_gettime', component: 'timerfd', calls: ['clock_gettime'] },

  { number: 2, name: 'open', component: 'paths', doc: FILES },
  { number: 4, name: 'stat', component: 'paths', calls: ['clock_gettime'], doc: FILES },
  { number: 6, name: 'lstat', component: 'paths', calls: ['clock_gettime'], doc: FILES },
  { number: 21, name: 'access', component: 'paths', doc: FILES },
  { number: 79, name: 'getcwd', component: 'paths' },
  { number: 85, name: 'creat', component: 'paths', doc: FILES },
  { number: 89, name: 'readlink', component: 'paths', doc: FILES },
  { number: 257, name: 'openat', component: 'paths', doc: FILES },
  { number: 262, name: 'newfstatat', component: 'paths', calls: ['fstat', 'clock_gettime'], doc: FILES },
  { number: 267, name: 'readlinkat', component: 'paths', doc: FILES },
  { number: 269, name: 'faccessat', component: 'paths', doc: FILES },
  { number: 332, name: 'statx', component: 'paths', calls: ['fstat', 'clock_gettime'], doc: FILES },
  { number: 437, name: 'openat2', component: 'paths', doc: 'as open; RESOLVE_CACHED is always so' },
  { number: 439, name: 'faccessat2', component: 'paths', doc: FILES },

  { number: 74, name: 'fsync', component: 'tree', doc: OWN },
  { number: 75, name: 'fdatasync', component: 'tree', doc: OWN },
  { number: 76, name: 'truncate', component: 'tree', doc: OWN },
  { number: 77, name: 'ftruncate', component: 'tree', doc: OWN },
  { number: 80, name: 'chdir', component: 'tree', doc: OWN },
  { number: 81, name: 'fchdir', component: 'tree', doc: OWN },
  { number: 82, name: 'rename', component: 'tree', doc: OWN },
  { number: 83, name: 'mkdir', component: 'tree', doc: OWN },
  { number: 84, name: 'rmdir', component: 'tree', doc: OWN },
  { number: 86, name: 'link', component: 'tree', doc: OWN },
  { number: 87, name: 'unlink', component: 'tree', doc: OWN },
  { number: 88, name: 'symlink', component: 'tree', doc: OWN },
  { number: 90, name: 'chmod', component: 'tree', doc: OWN },
  { number: 91, name: 'fchmod', component: 'tree', doc: OWN },
  { number: 92, name: 'chown', component: 'tree', doc: OWN },
  { number: 93, name: 'fchown', component: 'tree', doc: OWN },
  { number: 94, name: 'lchown', component: 'tree', doc: OWN },
  { number: 95, name: 'umask', component: 'tree' },
  { number: 132, name: 'utime', component: 'tree', doc: OWN },
  { number: 133, name: 'mknod', component: 'tree', doc: 'regular files; others EPERM' },
  { number: 137, name: 'statfs', component: 'tree', doc: "of the Keep's memory" },
  { number: 138, name: 'fstatfs', component: 'tree', doc: "of the Keep's memory" },
  { number: 217, name: 'getdents64', component: 'tree', doc: OWN },
  { number: 235, name: 'utimes', component: 'tree', doc: OWN },
  { number: 258, name: 'mkdirat', component: 'tree', doc: OWN },
  { number: 259, name: 'mknodat', component: 'tree', doc: 'regular files; others EPERM' },
  { number: 260, name: 'fchownat', component: 'tree', doc: OWN },
  { number: 261, name: 'futimesat', component: 'tree', doc: OWN },
  { number: 263, name: 'unlinkat', component: 'tree', doc: OWN },
  { number: 264, name: 'renameat', component: 'tree', doc: OWN },
  { number: 265, name: 'linkat', component: 'tree', doc: OWN },
  { number: 266, name: 'symlinkat', component: 'tree', doc: OWN },
  { number: 268, name: 'fchmodat', component: 'tree', doc: OWN },
  { number: 280, name: 'utimensat', component: 'tree', doc: OWN },
  { number: 285, name: 'fallocate', component: 'tree', doc: 'KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE' },
  { number: 316, name: 'renameat2', component: 'tree', doc: OWN },
  { number: 452, name: 'fchmodat2', component: 'tree' },

  { number: 24, name: 'sched_yield', component: 'process', calls: ['sched_yield'] },
  { number: 39, name: 'getpid', component: 'process', doc: '1' },
  {
    number: 56,
    name: 'clone',
    component: 'process',
    doc: 'EAGAIN for a thread: there is one; ENOSYS for a process',
  },
  { number: 60, name: 'exit', component: 'process', doc: 'leaves with ENDED' },
  { number: 63, name: 'uname', component: 'process', doc: 'the same on every host' },
  { number: 97, name: 'getrlimit', component: 'process' },
  { number: 99, name: 'sysinfo', component: 'process', doc: "of the Keep's memory" },
  { number: 102, name: 'getuid', component: 'process' },
  { number: 104, name: 'getgid', component: 'process' },
  { number: 107, name: 'geteuid', component: 'process' },
  { number: 108, name: 'getegid', component: 'process' },
  { number: 110, name: 'getppid', component: 'process' },
  { number: 111, name: 'getpgrp', component: 'process' },
  { number: 157, name: 'prctl', component: 'process', doc: 'PR_SET_NAME' },
  { number: 158, name: 'arch_prctl', component: 'process', doc: 'ARCH_SET_FS, ARCH_GET_FS' },
  { number: 186, name: 'gettid', component: 'process' },
  { number: 204, name: 'sched_getaffinity', component: 'process', doc: 'one processor' },
  { number: 218, name: 'set_tid_address', component: 'process' },
  { number: 231, name: 'exit_group', component: 'process', doc: 'leaves with ENDED' },
  { number: 273, name: 'set_robust_list', component: 'process' },
  { number: 302, name: 'prlimit64', component: 'process', doc: 'limits cannot be set: EPERM' },

  {
    number: 202,
    name: 'futex',
    component: 'futex',
    calls: ['clock_nanosleep'],
    doc: 'of one thread: a wait without an end ends the Keep with SIGABRT',
  },

  {
    number: 13,
    name: 'rt_sigaction',
    component: 'signals',
    doc: 'handlers are called for the program’s own faults and for what it sends itself; the host sends nothing',
  },
  { number: 14, name: 'rt_sigprocmask', component: 'signals' },
  { number: 15, name: 'rt_sigreturn', component: 'signals', doc: 'by `syscall` only' },
  { number: 62, name: 'kill', component: 'signals', doc: 'itself; what would stop it is ENOSYS' },
  { number: 127, name: 'rt_sigpending', component: 'signals' },
  {
    number: 128,
    name: 'rt_sigtimedwait',
    component: 'signals',
    calls: ['clock_nanosleep'],
    doc: 'without a time and with nothing pending the Keep ends with SIGABRT',
  },
  { number: 129, name: 'rt_sigqueueinfo', component: 'signals', doc: 'itself; at most 64 wait' },
  {
    number: 130,
    name: 'rt_sigsuspend',
    component: 'signals',
    doc: 'with nothing pending the Keep ends with SIGABRT',
  },
  { number: 131, name: 'sigaltstack', component: 'signals' },
  { number: 200, name: 'tkill', component: 'signals', doc: 'itself' },
  { number: 234, name: 'tgkill', component: 'signals', doc: 'itself' },
  { number: 297, name: 'rt_tgsigqueueinfo', component: 'signals', doc: 'itself' },

  { number: 35, name: 'nanosleep', component: 'time', calls: ['clock_gettime', 'clock_nanosleep'] },
  { number: 96, name: 'gettimeofday', component: 'time', calls: ['clock_gettime'] },
  { number: 98, name: 'getrusage', component: 'time', calls: ['clock_gettime'] },
  { number: 100, name: 'times', component: 'time', calls: ['clock_gettime'] },
  { number: 201, name: 'time', component: 'time', calls: ['clock_gettime'] },
  { number: 228, name: 'clock_gettime', component: 'time', calls: ['clock_gettime'] },
  { number: 229, name: 'clock_getres', component: 'time', calls: ['clock_getres'] },
  { number: 230, name: 'clock_nanosleep', component: 'time', calls: ['clock_gettime', 'clock_nanosleep'] },

  {
    number: 318,
    name: 'getrandom',
    component: 'random',
    doc: "from RDRAND through the Keep's own generator",
  },
];

/** What programs often ask for and a Keep refuses with ENOSYS, and why. */
export const REFUSED: readonly { readonly names: string; readonly why: string }[] = [
  {
    names: 'fork, vfork, clone without CLONE_VM',
    why: 'a Keep cannot be copied: its pages belong to one enclave',
  },
  { names: 'clone3', why: 'threads come with the whole microkernel' },
  { names: 'execve, execveat', why: 'comes with the whole microkernel' },
  { names: 'socketpair, sockets of AF_UNIX', why: 'within the Keep there are pipes and eventfd' },
  { names: 'ptrace, process_vm_readv, perf_event_open, bpf', why: 'nothing outside may look into a Keep' },
  { names: 'mount, chroot, setns, unshare, init_module', why: 'they rule a machine, and a Keep has none' },
  { names: 'io_uring, shmget', why: 'memory shared with the host is read by the shim alone' },
];
