// SPDX-License-Identifier: Apache-2.0
import { DATA_SIZE } from '../block.js';
import type { ErrnoName } from '../errno.js';
import type { Arg, BufferArg, FieldCheck, HandleArg, LengthArg, Row } from '../row.js';
import { STAT } from './stat.js';

/** What Keep.toml grants: the handle is 3 and more, in the order of the FILE records of the config blob. */
const GRANT: HandleArg = { kind: 'handle', name: 'grant' };
/** An open file: what openat2 answered with. */
const FD: HandleArg = { kind: 'handle', name: 'fd' };

const LONG_MAX = (1n << 63n) - 1n;
/** linux/limits.h has 4096 with the NUL, which does not cross. */
const PATH_BYTES = 4095;

/** Of asm-generic/fcntl.h: access modes, CREAT, EXCL, TRUNC, DIRECTORY, NOFOLLOW, DSYNC, SYNC. The rest the shim serves itself. */
const OPEN_FLAGS = 0o4630000 | 0o10000 | 0o1303;
const SYMLINK_NOFOLLOW = 0x100;
const REMOVEDIR = 0x200;
/** RENAME_NOREPLACE, RENAME_EXCHANGE. */
const RENAME_FLAGS = 3;
/** FALLOC_FL_KEEP_SIZE, PUNCH_HOLE, COLLAPSE_RANGE, ZERO_RANGE, INSERT_RANGE. */
const FALLOC_FLAGS = 0x3b;

function buffer(name: string, direction: 'in' | 'out', by: string): BufferArg {
  return { kind: 'buffer', name, direction, size: { by, each: 1 } };
}
function length(name: string, max: number, over: LengthArg['over']): LengthArg {
  return { kind: 'length', name, max, over };
}
/** A path below a grant, without NUL; empty for the granted thing itself. Where it leads is the host's kernel's to say. */
const PATH: readonly Arg[] = [
  buffer('path', 'in', 'path_length'),
  length('path_length', PATH_BYTES, 'ENAMETOOLONG'),
];
/** Two texts in one: the first has `first` bytes. */
const TWO: readonly Arg[] = [
  buffer('texts', 'in', 'texts_length'),
  length('texts_length', 2 * PATH_BYTES, 'ENAMETOOLONG'),
  { kind: 'value', name: 'first', type: 'u32', check: { range: [0n, BigInt(PATH_BYTES)] } },
];
const STATBUF: BufferArg = {
  kind: 'buffer',
  name: 'statbuf',
  direction: 'out',
  size: { bytes: 144 },
  fields: STAT,
};
const MODE: Arg = { kind: 'value', name: 'mode', type: 'u32', check: { bits: 0o7777 } };

/** struct statfs of x86-64 (asm-generic/statfs.h), 120 bytes: what sizes of buffers are computed from. */
const STATFS: readonly FieldCheck[] = [
  { at: 8, name: 'f_bsize', type: 'i64', check: { range: [1n, 1n << 30n] } },
  { at: 64, name: 'f_namelen', type: 'i64', check: { range: [1n, BigInt(PATH_BYTES)] } },
  { at: 72, name: 'f_frsize', type: 'i64', check: { range: [1n, 1n << 30n] } },
];

/** What looking up a path can come to. EXDEV: it leads out of the grant. EAGAIN: somebody renames without end. */
const LOOKUP: readonly ErrnoName[] = [
  'EACCES',
  'EAGAIN',
  'EBADF',
  'EINTR',
  'EINVAL',
  'EIO',
  'ELOOP',
  'EMFILE',
  'ENAMETOOLONG',
  'ENFILE',
  'ENOENT',
  'ENOMEM',
  'ENOTDIR',
  'EPERM',
  'EXDEV',
];
/** What changing a directory can come to besides. */
const CHANGE: readonly ErrnoName[] = [
  ...LOOKUP,
  'EBUSY',
  'EDQUOT',
  'EEXIST',
  'EISDIR',
  'EMLINK',
  'ENOSPC',
  'ENOTEMPTY',
  'EOPNOTSUPP',
  'EROFS',
];
const WRITE: readonly ErrnoName[] = [
  'EBADF',
  'EDQUOT',
  'EFBIG',
  'EINTR',
  'EINVAL',
  'EIO',
  'EISDIR',
  'ENODEV',
  'ENOSPC',
  'EOPNOTSUPP',
  'EPERM',
  'EROFS',
  'ETXTBSY',
];

/**
 * Files and directories that Keep.toml grants. Names are looked up by the host's kernel, which does not leave the grant
 * (openat2); nothing that comes back is believed beyond its form.
 */
export const HOSTDIR: readonly Row[] = [
  {
    number: 437,
    name: 'openat2',
    component: 'hostdir',
    doc: 'beneath a grant; regular files and directories only; what fstat says comes along',
    args: [
      GRANT,
      ...PATH,
      { kind: 'value', name: 'flags', type: 'u32', check: { bits: OPEN_FLAGS } },
      MODE,
      STATBUF,
    ],
    result: { kind: 'range', from: 3n, to: 0x7fffffffn },
    errnos: [
      ...LOOKUP,
      'EBUSY',
      'EDQUOT',
      'EEXIST',
      'EFBIG',
      'EISDIR',
      'ENOSPC',
      'ENXIO',
      'EOVERFLOW',
      'EROFS',
      'ETXTBSY',
    ],
  },
  {
    number: 17,
    name: 'pread64',
    component: 'hostdir',
    doc: 'at most one data area a call; positions are kept inside',
    args: [
      FD,
      { ...buffer('buf', 'out', 'count'), filled: 'result', bulk: true },
      length('count', DATA_SIZE, 'cut'),
      { kind: 'value', name: 'offset', type: 'i64', check: { range: [0n, LONG_MAX] } },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: ['EBADF', 'EINTR', 'EINVAL', 'EIO', 'EISDIR', 'EPERM'],
  },
  {
    number: 18,
    name: 'pwrite64',
    component: 'hostdir',
    doc: 'at most one data area a call',
    args: [
      FD,
      { ...buffer('buf', 'in', 'count'), bulk: true },
      length('count', DATA_SIZE, 'cut'),
      { kind: 'value', name: 'offset', type: 'i64', check: { range: [0n, LONG_MAX] } },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: WRITE,
  },
  {
    number: 74,
    name: 'fsync',
    component: 'hostdir',
    doc: 'the host may not have done it',
    args: [FD],
    blocks: true,
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EDQUOT', 'EINTR', 'EINVAL', 'EIO', 'ENOSPC', 'EROFS'],
  },
  {
    number: 75,
    name: 'fdatasync',
    component: 'hostdir',
    doc: 'the host may not have done it',
    args: [FD],
    blocks: true,
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EDQUOT', 'EINTR', 'EINVAL', 'EIO', 'ENOSPC', 'EROFS'],
  },
  {
    number: 77,
    name: 'ftruncate',
    component: 'hostdir',
    doc: 'of a file that is open for writing',
    args: [FD, { kind: 'value', name: 'size', type: 'i64', check: { range: [0n, LONG_MAX] } }],
    result: { kind: 'zero' },
    errnos: WRITE,
  },
  {
    number: 91,
    name: 'fchmod',
    component: 'hostdir',
    doc: 'chmod is made of it',
    args: [FD, MODE],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINVAL', 'EIO', 'EOPNOTSUPP', 'EPERM', 'EROFS'],
  },
  {
    number: 138,
    name: 'fstatfs',
    component: 'hostdir',
    doc: 'sizes of the file system below',
    args: [FD, { kind: 'buffer', name: 'statfs', direction: 'out', size: { bytes: 120 }, fields: STATFS }],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINTR', 'EIO', 'EOVERFLOW'],
  },
  {
    number: 217,
    name: 'getdents64',
    component: 'hostdir',
    doc: 'from a cookie on that the host gave; each entry is checked inside',
    args: [
      FD,
      { ...buffer('dirents', 'out', 'count'), filled: 'result', bulk: true },
      length('count', DATA_SIZE, 'cut'),
      { kind: 'value', name: 'cookie', type: 'i64', check: { range: [0n, LONG_MAX] } },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: ['EBADF', 'EINVAL', 'EIO', 'ENOENT', 'ENOTDIR', 'EOVERFLOW'],
  },
  {
    number: 258,
    name: 'mkdirat',
    component: 'hostdir',
    doc: 'beneath a grant',
    args: [GRANT, ...PATH, MODE],
    result: { kind: 'zero' },
    errnos: CHANGE,
  },
  {
    number: 262,
    name: 'newfstatat',
    component: 'hostdir',
    doc: 'beneath a grant',
    args: [
      GRANT,
      ...PATH,
      { kind: 'value', name: 'flags', type: 'u32', check: { bits: SYMLINK_NOFOLLOW } },
      STATBUF,
    ],
    result: { kind: 'zero' },
    errnos: [...LOOKUP, 'EOVERFLOW'],
  },
  {
    number: 263,
    name: 'unlinkat',
    component: 'hostdir',
    doc: 'beneath a grant',
    args: [GRANT, ...PATH, { kind: 'value', name: 'flags', type: 'u32', check: { bits: REMOVEDIR } }],
    result: { kind: 'zero' },
    errnos: CHANGE,
  },
  {
    number: 265,
    name: 'linkat',
    component: 'hostdir',
    doc: 'within one grant; a symbolic link is linked, not followed',
    args: [GRANT, ...TWO],
    result: { kind: 'zero' },
    errnos: CHANGE,
  },
  {
    number: 266,
    name: 'symlinkat',
    component: 'hostdir',
    doc: 'what the link says, then its path beneath a grant',
    args: [GRANT, ...TWO],
    result: { kind: 'zero' },
    errnos: CHANGE,
  },
  {
    number: 267,
    name: 'readlinkat',
    component: 'hostdir',
    doc: 'beneath a grant',
    args: [
      GRANT,
      ...PATH,
      { ...buffer('buf', 'out', 'size'), filled: 'result' },
      length('size', PATH_BYTES + 1, 'cut'),
    ],
    result: { kind: 'count', of: 'size' },
    errnos: LOOKUP,
  },
  {
    number: 280,
    name: 'utimensat',
    component: 'hostdir',
    doc: 'of an open file: access and modification time',
    args: [FD, { kind: 'buffer', name: 'times', direction: 'in', size: { bytes: 32 } }],
    result: { kind: 'zero' },
    errnos: ['EACCES', 'EBADF', 'EINVAL', 'EIO', 'EPERM', 'EROFS'],
  },
  {
    number: 285,
    name: 'fallocate',
    component: 'hostdir',
    doc: 'of a file that is open for writing',
    args: [
      FD,
      { kind: 'value', name: 'mode', type: 'u32', check: { bits: FALLOC_FLAGS } },
      { kind: 'value', name: 'offset', type: 'i64', check: { range: [0n, LONG_MAX] } },
      { kind: 'value', name: 'size', type: 'i64', check: { range: [1n, LONG_MAX] } },
    ],
    result: { kind: 'zero' },
    errnos: WRITE,
  },
  {
    number: 316,
    name: 'renameat2',
    component: 'hostdir',
    doc: 'within one grant',
    args: [GRANT, ...TWO, { kind: 'value', name: 'flags', type: 'u32', check: { bits: RENAME_FLAGS } }],
    result: { kind: 'zero' },
    errnos: CHANGE,
  },
];
