// SPDX-License-Identifier: Apache-2.0
import type { BufferArg, FieldCheck, HandleArg, LengthArg, Row, ValueArg } from '../row.js';

const FD: HandleArg = { kind: 'handle', name: 'fd' };

/** Handles of sockets: SOCKET_HANDLE of the helper's sockets.h, and an index. */
const SOCKET_HANDLE = 0x4000_0000n;
const HANDLES = { kind: 'range', from: SOCKET_HANDLE, to: SOCKET_HANDLE + 1023n } as const;

/**
 * An address in one form for both families, so that each field can be checked: family (AF_INET 2, AF_INET6 10, or 0 for
 * none), port in network order, zeros, 16 bytes of which AF_INET has the first 4, scope, zeros.
 */
const ADDRESS: readonly FieldCheck[] = [
  { at: 0, name: 'family', type: 'u16', check: { oneOf: [0, 2, 10] } },
  { at: 4, name: 'zero_04', type: 'u32', check: { range: [0n, 0n] } },
  { at: 28, name: 'zero_1c', type: 'u32', check: { range: [0n, 0n] } },
];

const address = (direction: 'in' | 'out'): BufferArg => ({
  kind: 'buffer',
  name: 'address',
  direction,
  size: { bytes: 32 },
  fields: ADDRESS,
});

/** The largest datagram there is, and a page; stream sockets are read and written in parts. */
const COUNT: LengthArg = { kind: 'length', name: 'count', max: 0x11000, over: 'cut' };

/** Level and name in one number: options that a Keep may read or set (`level << 16 | name`). */
const OPTION: ValueArg = {
  kind: 'value',
  name: 'option',
  type: 'u32',
  check: {
    oneOf: [
      0x1_0002, // SO_REUSEADDR
      0x1_0004, // SO_ERROR
      0x1_0006, // SO_BROADCAST
      0x1_0007, // SO_SNDBUF
      0x1_0008, // SO_RCVBUF
      0x1_0009, // SO_KEEPALIVE
      0x1_000d, // SO_LINGER: seconds, or -1
      0x6_0001, // TCP_NODELAY
      0x6_0003, // TCP_CORK
      0x6_0004, // TCP_KEEPIDLE
      0x6_0005, // TCP_KEEPINTVL
      0x6_0006, // TCP_KEEPCNT
      0x6_0009, // TCP_DEFER_ACCEPT
      0x6_000c, // TCP_QUICKACK
      0x6_0012, // TCP_USER_TIMEOUT
    ],
  },
  otherwise: 'ENOPROTOOPT',
};

const VALUE: readonly FieldCheck[] = [
  { at: 0, name: 'value', type: 'i32', check: { range: [-1n, 0x7fff_ffffn] } },
  { at: 4, name: 'zero_4', type: 'u32', check: { range: [0n, 0n] } },
];

const STREAM_ERRNOS = [
  'EAGAIN',
  'EBADF',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EINTR',
  'EINVAL',
  'EIO',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOBUFS',
  'ENOMEM',
  'ENOTCONN',
  'EPIPE',
  'ETIMEDOUT',
] as const;

/**
 * Sockets that Keep.toml grants. All of them are non-blocking at the host, so none of these calls waits; that is wait's.
 * What is on the wire, and who is at its other end, is the host's to choose.
 */
export const SOCKETS: readonly Row[] = [
  {
    number: 41,
    name: 'net_socket',
    component: 'sockets',
    doc: 'a socket to connect, or to send from',
    args: [
      { kind: 'value', name: 'family', type: 'u32', check: { oneOf: [2, 10] }, otherwise: 'EAFNOSUPPORT' },
      { kind: 'value', name: 'type', type: 'u32', check: { oneOf: [1, 2] }, otherwise: 'EPROTONOSUPPORT' },
    ],
    result: HANDLES,
    errnos: ['EACCES', 'EAFNOSUPPORT', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'],
  },
  {
    number: 42,
    name: 'net_connect',
    component: 'sockets',
    doc: 'to a granted destination; EINPROGRESS, then the socket is ready for writing',
    args: [FD, address('in')],
    result: { kind: 'zero' },
    errnos: [
      'EACCES',
      'EADDRNOTAVAIL',
      'EAGAIN',
      'EALREADY',
      'EBADF',
      'ECONNREFUSED',
      'EHOSTUNREACH',
      'EINPROGRESS',
      'EINTR',
      'EINVAL',
      'EISCONN',
      'ENETUNREACH',
      'ETIMEDOUT',
    ],
  },
  {
    number: 50,
    name: 'net_listen',
    component: 'sockets',
    doc: 'the loader has bound the sockets of [[listen]] already',
    args: [FD, { kind: 'value', name: 'backlog', type: 'u32', check: { range: [0n, 0xffffn] } }],
    result: { kind: 'zero' },
    errnos: ['EADDRINUSE', 'EBADF', 'EINVAL'],
  },
  {
    number: 288,
    name: 'net_accept',
    component: 'sockets',
    doc: 'the peer’s address is what the host says',
    args: [FD, address('out')],
    result: HANDLES,
    errnos: [
      'EAGAIN',
      'EBADF',
      'ECONNABORTED',
      'EINTR',
      'EINVAL',
      'EMFILE',
      'ENETDOWN',
      'ENFILE',
      'ENOBUFS',
      'ENOMEM',
    ],
  },
  {
    number: 44,
    name: 'net_send',
    component: 'sockets',
    doc: 'to the peer, or to a granted destination, or to who has sent to a granted port',
    args: [
      FD,
      { kind: 'buffer', name: 'buf', direction: 'in', size: { by: 'count', each: 1 }, bulk: true },
      COUNT,
      { kind: 'value', name: 'flags', type: 'u32', check: { bits: 0x8001 }, doc: 'MSG_OOB, MSG_MORE' },
      address('in'),
    ],
    result: { kind: 'count', of: 'count' },
    errnos: [...STREAM_ERRNOS, 'EACCES', 'EDESTADDRREQ', 'EMSGSIZE'],
  },
  {
    number: 45,
    name: 'net_receive',
    component: 'sockets',
    doc: 'the sender’s address is what the host says',
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
      COUNT,
      { kind: 'value', name: 'flags', type: 'u32', check: { bits: 0x3 }, doc: 'MSG_OOB, MSG_PEEK' },
      address('out'),
    ],
    result: { kind: 'count', of: 'count' },
    errnos: STREAM_ERRNOS,
  },
  {
    number: 48,
    name: 'net_shutdown',
    component: 'sockets',
    doc: 'one direction, or both',
    args: [FD, { kind: 'value', name: 'how', type: 'u32', check: { range: [0n, 2n] } }],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'ENOTCONN'],
  },
  {
    number: 51,
    name: 'net_name',
    component: 'sockets',
    doc: 'the own address of a socket',
    args: [FD, address('out')],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINVAL', 'ENOBUFS'],
  },
  {
    number: 55,
    name: 'net_option',
    component: 'sockets',
    doc: 'options of a list',
    args: [
      FD,
      OPTION,
      { kind: 'buffer', name: 'value', direction: 'out', size: { bytes: 8 }, fields: VALUE },
    ],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'ENOPROTOOPT', 'EOPNOTSUPP'],
  },
  {
    number: 54,
    name: 'net_set_option',
    component: 'sockets',
    doc: 'options of the same list',
    args: [FD, OPTION, { kind: 'value', name: 'value', type: 'i32', check: { range: [-1n, 0x7fff_ffffn] } }],
    result: { kind: 'zero' },
    errnos: ['EBADF', 'EINVAL', 'ENOPROTOOPT', 'EOPNOTSUPP', 'EPERM'],
  },
];
