// SPDX-License-Identifier: Apache-2.0
import { DATA_SIZE } from '../block.js';
import type { FieldCheck, HandleArg, Row } from '../row.js';
import { STAT } from './stat.js';

const FD: HandleArg = { kind: 'handle', name: 'fd' };
const LONG_MAX = (1n << 63n) - 1n;
/** linux/fs.h: fcntl's F_GETFL returns O_ flags only, all below bit 26. */
const O_FLAGS_MAX = (1n << 26n) - 1n;
const POLL_ALWAYS = 0x38; // POLLERR, POLLHUP, POLLNVAL: reported whether asked for or not

/** struct pollfd: only `revents` may change, and only to what was asked for; of no descriptor nothing was. */
export const POLLFD: readonly FieldCheck[] = [
  { at: 0, name: 'fd', type: 'i32', same: true, handle: true },
  { at: 4, name: 'events', type: 'u16', same: true },
  { at: 6, name: 'revents', type: 'u16', within: { at: 4, also: POLL_ALWAYS, handle: 0 } },
];

/** The descriptors that every Keep has, and what C libraries do with them. */
export const STDIO: readonly Row[] = [
  {
    number: 0,
    name: 'read',
    component: 'stdio',
    doc: 'at most one data area a call; readv is made of it',
    args: [
      FD,
      {
        kind: 'buffer',
        name: 'buf',
        direction: 'out',
        size: { by: 'count', each: 1 },
        filled: 'result',
        bulk: true,
      },
      { kind: 'length', name: 'count', max: DATA_SIZE, over: 'cut' },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: ['EAGAIN', 'EBADF', 'EINTR', 'EINVAL', 'EIO', 'EISDIR', 'ENXIO', 'ECONNRESET', 'ETIMEDOUT'],
    blocks: true,
  },
  {
    number: 1,
    name: 'write',
    component: 'stdio',
    doc: 'at most one data area a call; writev is made of it',
    args: [
      FD,
      { kind: 'buffer', name: 'buf', direction: 'in', size: { by: 'count', each: 1 }, bulk: true },
      { kind: 'length', name: 'count', max: DATA_SIZE, over: 'cut' },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: [
      'EAGAIN',
      'EBADF',
      'EDESTADDRREQ',
      'EDQUOT',
      'EFBIG',
      'EINTR',
      'EINVAL',
      'EIO',
      'ENOSPC',
      'ENXIO',
      'EPERM',
      'EPIPE',
      'ECONNRESET',
    ],
    blocks: true,
  },
  {
    number: 3,
    name: 'close',
    component: 'stdio',
    doc: 'when the last descriptor of the Keep for it is closed, so that a reader of our output sees its end',
    args: [FD],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EDQUOT', 'EINTR', 'EIO', 'ENOSPC'],
  },
  {
    number: 5,
    name: 'fstat',
    component: 'stdio',
    doc: 'checked for sizes and times that an application could not bear',
    args: [FD, { kind: 'buffer', name: 'statbuf', direction: 'out', size: { bytes: 144 }, fields: STAT }],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EIO', 'EOVERFLOW'],
  },
  {
    number: 8,
    name: 'lseek',
    component: 'stdio',
    doc: 'standard streams may be files',
    args: [
      FD,
      { kind: 'value', name: 'offset', type: 'i64' },
      { kind: 'value', name: 'whence', type: 'u32', check: { oneOf: [0, 1, 2, 3, 4] } },
    ],
    result: { kind: 'range', from: 0n, to: LONG_MAX },
    errnos: ['EBADF', 'EINVAL', 'EIO', 'ENXIO', 'EOVERFLOW', 'ESPIPE'],
  },
  {
    number: 16,
    name: 'ioctl_tcgets',
    component: 'stdio',
    doc: 'isatty()',
    args: [
      FD,
      { kind: 'constant', name: 'TCGETS', value: 0x5401 },
      { kind: 'buffer', name: 'termios', direction: 'out', size: { bytes: 36 } },
    ],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINVAL', 'EIO', 'ENODEV', 'ENOTTY'],
  },
  {
    number: 16,
    name: 'ioctl_tiocgwinsz',
    component: 'stdio',
    doc: 'size of the terminal',
    args: [
      FD,
      { kind: 'constant', name: 'TIOCGWINSZ', value: 0x5413 },
      { kind: 'buffer', name: 'winsize', direction: 'out', size: { bytes: 8 } },
    ],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINVAL', 'EIO', 'ENODEV', 'ENOTTY'],
  },
  {
    number: 16,
    name: 'ioctl_fionread',
    component: 'stdio',
    doc: 'bytes that can be read at once',
    args: [
      FD,
      { kind: 'constant', name: 'FIONREAD', value: 0x541b },
      {
        kind: 'buffer',
        name: 'available',
        direction: 'out',
        size: { bytes: 4 },
        fields: [{ at: 0, name: 'available', type: 'i32', check: { range: [0n, 0x7fffffffn] } }],
      },
    ],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINVAL', 'EIO', 'ENODEV', 'ENOTTY'],
  },
  {
    number: 72,
    name: 'fcntl_getfl',
    component: 'stdio',
    doc: 'flags of a standard stream; the other commands are served inside',
    args: [FD, { kind: 'constant', name: 'F_GETFL', value: 3 }],
    result: { kind: 'range', from: 0n, to: O_FLAGS_MAX },
    errnos: ['EBADF'],
  },
];
