// SPDX-License-Identifier: Apache-2.0
import { SERVED_FILES } from './served-files.js';

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

const THREADS = 'its own threads; one that computes hears of it at its next system call or exception';
const PAGES = ['mem_restrict', 'mem_protect', 'mem_trim', 'mem_remove'];
const CLONES = ['thread_start', 'thread_wake', 'mem_tcs'];
/** Of calls that wait for files. */
const WAITS = ['wait', 'clock_gettime'];
/** Of timers that send signals. */
const TIMER_SIGNALS = 'a signal comes with the next system call or wait';
/** Of what goes between a pipe and a file or socket. */
const MOVES = ['read', 'write', 'pread64', 'pwrite64', 'net_receive', 'net_send', 'wait'];
const COPIES = 'copies: no page is shared';
const CHILDLESS = 'ECHILD: there are no children';
const UNMAPPED = '0; others EINVAL, as in a user namespace that maps no more';
const LEADER = 'EPERM: the process leads its session';
const CAPABILITIES = 'those of root in a container; remembered, for all threads at once, and without effect';
const EVENTS = 'at most 128 events a call';

/** The others. */
const SERVED_OTHERS: readonly Served[] = [
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
  { number: 275, name: 'splice', component: 'pipe', calls: MOVES, doc: COPIES },
  { number: 276, name: 'tee', component: 'pipe', calls: ['wait'], doc: COPIES },
  { number: 278, name: 'vmsplice', component: 'pipe', calls: ['wait'], doc: COPIES },

  { number: 282, name: 'signalfd', component: 'signalfd' },
  { number: 289, name: 'signalfd4', component: 'signalfd' },

  {
    number: 41,
    name: 'socket',
    component: 'sockets',
    doc: 'AF_UNIX within the Keep; AF_INET and AF_INET6, SOCK_STREAM and SOCK_DGRAM',
  },
  {
    number: 42,
    name: 'connect',
    component: 'sockets',
    calls: ['net_socket', 'net_connect', 'net_option', 'wait'],
    doc: 'EACCES where no [[connect]] says so',
  },
  { number: 43, name: 'accept', component: 'sockets', calls: ['net_accept', 'wait'] },
  { number: 44, name: 'sendto', component: 'sockets', calls: ['net_socket', 'net_send', 'wait'] },
  { number: 45, name: 'recvfrom', component: 'sockets', calls: ['net_receive', 'wait'] },
  {
    number: 46,
    name: 'sendmsg',
    component: 'sockets',
    calls: ['net_socket', 'net_send', 'wait'],
    doc: 'control messages of AF_UNIX alone',
  },
  {
    number: 47,
    name: 'recvmsg',
    component: 'sockets',
    calls: ['net_receive', 'wait'],
    doc: 'control messages of AF_UNIX alone',
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
  { number: 52, name: 'getpeername', component: 'sockets', calls: ['wait'] },
  { number: 53, name: 'socketpair', component: 'sockets' },
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
  { number: 288, name: 'accept4', component: 'sockets', calls: ['net_accept', 'wait'] },
  { number: 299, name: 'recvmmsg', component: 'sockets', calls: ['net_receive', 'wait'] },
  { number: 307, name: 'sendmmsg', component: 'sockets', calls: ['net_socket', 'net_send', 'wait'] },

  { number: 284, name: 'eventfd', component: 'eventfd' },
  { number: 290, name: 'eventfd2', component: 'eventfd' },

  { number: 34, name: 'pause', component: 'timers', calls: WAITS },
  { number: 36, name: 'getitimer', component: 'timers', calls: ['clock_gettime'], doc: 'ITIMER_REAL' },
  { number: 37, name: 'alarm', component: 'timers', calls: ['clock_gettime'], doc: TIMER_SIGNALS },
  {
    number: 38,
    name: 'setitimer',
    component: 'timers',
    calls: ['clock_gettime'],
    doc: `ITIMER_REAL, others ENOSYS; ${TIMER_SIGNALS}`,
  },
  {
    number: 222,
    name: 'timer_create',
    component: 'timers',
    doc: `REALTIME, MONOTONIC, BOOTTIME; at most 64; ${TIMER_SIGNALS}`,
  },
  { number: 223, name: 'timer_settime', component: 'timers', calls: ['clock_gettime'] },
  { number: 224, name: 'timer_gettime', component: 'timers', calls: ['clock_gettime'] },
  { number: 225, name: 'timer_getoverrun', component: 'timers' },
  { number: 226, name: 'timer_delete', component: 'timers' },
  { number: 227, name: 'clock_settime', component: 'timers', doc: 'EPERM' },

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

  { number: 24, name: 'sched_yield', component: 'process', calls: ['sched_yield'] },
  { number: 39, name: 'getpid', component: 'process', doc: '1' },
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
  {
    number: 157,
    name: 'prctl',
    component: 'process',
    doc: 'PR_SET_NAME, PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS and their GET, PR_CAPBSET_READ, PR_CAPBSET_DROP; others EINVAL',
  },
  { number: 158, name: 'arch_prctl', component: 'process', doc: 'ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_CPUID' },
  {
    number: 160,
    name: 'setrlimit',
    component: 'process',
    doc: 'NOFILE and FSIZE bind the program, others are remembered; none can be raised',
  },
  { number: 186, name: 'gettid', component: 'process' },
  { number: 218, name: 'set_tid_address', component: 'process' },
  { number: 231, name: 'exit_group', component: 'process', doc: 'leaves with ENDED' },
  { number: 302, name: 'prlimit64', component: 'process', doc: 'as setrlimit; of itself' },

  { number: 61, name: 'wait4', component: 'identity', doc: CHILDLESS },
  { number: 105, name: 'setuid', component: 'identity', doc: UNMAPPED },
  { number: 106, name: 'setgid', component: 'identity', doc: UNMAPPED },
  { number: 109, name: 'setpgid', component: 'identity', doc: LEADER },
  { number: 112, name: 'setsid', component: 'identity', doc: LEADER },
  { number: 113, name: 'setreuid', component: 'identity', doc: UNMAPPED },
  { number: 114, name: 'setregid', component: 'identity', doc: UNMAPPED },
  { number: 115, name: 'getgroups', component: 'identity', doc: 'none' },
  { number: 116, name: 'setgroups', component: 'identity', doc: 'none, else EPERM' },
  { number: 117, name: 'setresuid', component: 'identity', doc: UNMAPPED },
  { number: 118, name: 'getresuid', component: 'identity' },
  { number: 119, name: 'setresgid', component: 'identity', doc: UNMAPPED },
  { number: 120, name: 'getresgid', component: 'identity' },
  { number: 121, name: 'getpgid', component: 'identity', doc: '1' },
  { number: 122, name: 'setfsuid', component: 'identity', doc: 'changes nothing' },
  { number: 123, name: 'setfsgid', component: 'identity', doc: 'changes nothing' },
  { number: 124, name: 'getsid', component: 'identity', doc: '1' },
  { number: 125, name: 'capget', component: 'identity', doc: CAPABILITIES },
  { number: 126, name: 'capset', component: 'identity', doc: CAPABILITIES },
  { number: 135, name: 'personality', component: 'identity', doc: 'PER_LINUX, others EINVAL' },
  { number: 247, name: 'waitid', component: 'identity', doc: CHILDLESS },

  {
    number: 202,
    name: 'futex',
    component: 'futex',
    calls: ['wait', 'thread_wake', 'clock_gettime'],
    doc: 'queues inside; no priority inheritance; when all threads wait without an end the Keep ends with SIGABRT',
  },
  { number: 273, name: 'set_robust_list', component: 'futex' },
  { number: 274, name: 'get_robust_list', component: 'futex' },

  {
    number: 56,
    name: 'clone',
    component: 'clone',
    calls: CLONES,
    doc: 'threads: EAGAIN beyond those of Keep.toml; ENOSYS for a process',
  },
  {
    number: 435,
    name: 'clone3',
    component: 'clone',
    calls: CLONES,
    doc: 'as clone',
  },

  { number: 140, name: 'getpriority', component: 'schedule' },
  { number: 141, name: 'setpriority', component: 'schedule', doc: 'remembered; none can be lowered' },
  { number: 142, name: 'sched_setparam', component: 'schedule', doc: 'changes nothing' },
  { number: 143, name: 'sched_getparam', component: 'schedule' },
  {
    number: 144,
    name: 'sched_setscheduler',
    component: 'schedule',
    doc: 'changes nothing; EPERM for SCHED_FIFO',
  },
  { number: 145, name: 'sched_getscheduler', component: 'schedule', doc: 'SCHED_OTHER' },
  { number: 146, name: 'sched_get_priority_max', component: 'schedule' },
  { number: 147, name: 'sched_get_priority_min', component: 'schedule' },
  { number: 203, name: 'sched_setaffinity', component: 'schedule', doc: 'changes nothing' },
  {
    number: 204,
    name: 'sched_getaffinity',
    component: 'schedule',
    doc: 'a processor for each thread of the Keep',
  },
  { number: 309, name: 'getcpu', component: 'schedule', doc: 'the number of the thread' },

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
    calls: ['wait', 'clock_gettime'],
  },
  { number: 129, name: 'rt_sigqueueinfo', component: 'signals', doc: 'itself; at most 64 wait' },
  {
    number: 130,
    name: 'rt_sigsuspend',
    component: 'signals',
    calls: ['wait'],
  },
  { number: 131, name: 'sigaltstack', component: 'signals' },
  { number: 200, name: 'tkill', component: 'signals', calls: ['thread_wake'], doc: THREADS },
  { number: 234, name: 'tgkill', component: 'signals', calls: ['thread_wake'], doc: THREADS },
  { number: 297, name: 'rt_tgsigqueueinfo', component: 'signals', calls: ['thread_wake'] },

  {
    number: 59,
    name: 'execve',
    component: 'exec',
    calls: PAGES,
    doc: 'only where Keep.toml has `exec`, and of a static PIE; EACCES else (adr/0022)',
  },
  { number: 322, name: 'execveat', component: 'exec', calls: PAGES, doc: 'as execve' },

  { number: 35, name: 'nanosleep', component: 'time', calls: ['clock_gettime', 'wait'] },
  { number: 96, name: 'gettimeofday', component: 'time', calls: ['clock_gettime'] },
  { number: 98, name: 'getrusage', component: 'time', calls: ['clock_gettime'] },
  { number: 100, name: 'times', component: 'time', calls: ['clock_gettime'] },
  { number: 201, name: 'time', component: 'time', calls: ['clock_gettime'] },
  { number: 228, name: 'clock_gettime', component: 'time', calls: ['clock_gettime'] },
  { number: 229, name: 'clock_getres', component: 'time', calls: ['clock_getres'] },
  { number: 230, name: 'clock_nanosleep', component: 'time', calls: ['clock_gettime', 'wait'] },

  {
    number: 318,
    name: 'getrandom',
    component: 'random',
    doc: "from RDRAND through the Keep's own generator",
  },
];

/** Every system call that a shim answers with something else than ENOSYS, by component, then by number. */
export const SERVED: readonly Served[] = [...SERVED_OTHERS, ...SERVED_FILES];

/** What programs often ask for and a Keep refuses with ENOSYS, and why. */
export const REFUSED: readonly { readonly names: string; readonly why: string }[] = [
  {
    names: 'fork, vfork, clone without CLONE_VM',
    why: 'a Keep cannot be copied: its pages belong to one enclave',
  },
  {
    names: 'membarrier, rseq',
    why: 'a thread that computes cannot be told of anything; C libraries do without',
  },
  { names: 'ptrace, process_vm_readv, perf_event_open, bpf', why: 'nothing outside may look into a Keep' },
  { names: 'mount, chroot, setns, unshare, init_module', why: 'they rule a machine, and a Keep has none' },
  { names: 'io_uring, shmget', why: 'memory shared with the host is read by the shim alone' },
];
