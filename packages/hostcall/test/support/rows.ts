// SPDX-License-Identifier: Apache-2.0
import { TABLE } from '../../src/table.js';
import type { FieldCheck, Row } from '../../src/row.js';

const SOCKADDR = 128;

/** struct epoll_event would be packed; this one is made up: every kind of field check in one element. */
const RECORD: readonly FieldCheck[] = [
  { at: 0, name: 'handle', type: 'i32', same: true, handle: true },
  { at: 4, name: 'wanted', type: 'u16', same: true },
  { at: 6, name: 'came', type: 'u16', within: { at: 4, also: 1, handle: 0 } },
  { at: 8, name: 'size', type: 'u64', check: { range: [0n, 1n << 40n] } },
  { at: 16, name: 'level', type: 'i16', check: { oneOf: [-1, 0, 7] } },
  { at: 18, name: 'flags', type: 'i16', check: { bits: 0x7f } },
  { at: 20, name: 'blocks', type: 'u32', check: { multipleOf: 512 } },
];

/**
 * Rows of the shapes that sockets and files need, and that the table does not have yet: value-result lengths, outputs
 * beside a counted one, paths, records. They are not served by any loader; the generators must get them right.
 */
export const SHAPES: readonly Row[] = [
  {
    number: 0x1ff02,
    name: 'accept4',
    component: 'shapes',
    doc: 'an address with a value-result length',
    args: [
      { kind: 'handle', name: 'fd' },
      {
        kind: 'buffer',
        name: 'address',
        direction: 'out',
        size: { by: 'length', each: 1 },
        filled: 'value-result',
      },
      { kind: 'value-result', name: 'length', of: 'address', max: SOCKADDR },
      { kind: 'value', name: 'flags', type: 'u32', check: { bits: 0o2004000 } },
    ],
    result: { kind: 'range', from: 3n, to: 1023n },
    errnos: ['EAGAIN', 'ECONNABORTED', 'EINTR', 'EMFILE'],
    blocks: true,
  },
  {
    number: 0x1ff03,
    name: 'recvfrom',
    component: 'shapes',
    doc: 'counted data beside an address',
    args: [
      { kind: 'handle', name: 'fd' },
      {
        kind: 'buffer',
        name: 'buf',
        direction: 'out',
        size: { by: 'count', each: 1 },
        filled: 'result',
        bulk: true,
      },
      { kind: 'length', name: 'count', max: 0x10000, over: 'cut' },
      { kind: 'value', name: 'flags', type: 'i32', check: { bits: 0x62 } },
      {
        kind: 'buffer',
        name: 'address',
        direction: 'out',
        size: { by: 'length', each: 1 },
        filled: 'value-result',
      },
      { kind: 'value-result', name: 'length', of: 'address', max: SOCKADDR },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: ['EAGAIN', 'ECONNRESET', 'EINTR'],
    blocks: true,
  },
  {
    number: 0x1ff04,
    name: 'sendto',
    component: 'shapes',
    doc: 'two inputs of variable length',
    args: [
      { kind: 'handle', name: 'fd' },
      { kind: 'buffer', name: 'buf', direction: 'in', size: { by: 'count', each: 1 }, bulk: true },
      { kind: 'length', name: 'count', max: 0x10000, over: 'EMSGSIZE' },
      { kind: 'value', name: 'flags', type: 'i32', check: { bits: 0x4040 } },
      { kind: 'buffer', name: 'address', direction: 'in', size: { by: 'length', each: 1 } },
      { kind: 'length', name: 'length', max: SOCKADDR, over: 'EINVAL' },
    ],
    result: { kind: 'count', of: 'count' },
    errnos: ['EAGAIN', 'EMSGSIZE', 'EPIPE'],
  },
  {
    number: 257,
    name: 'openat',
    component: 'shapes',
    doc: 'a path',
    args: [
      { kind: 'handle', name: 'folder' },
      { kind: 'buffer', name: 'path', direction: 'in', size: { by: 'length', each: 1 } },
      { kind: 'length', name: 'length', max: 4095, over: 'ENAMETOOLONG' },
      { kind: 'value', name: 'flags', type: 'i32', check: { range: [0n, 0x3fffffn] }, otherwise: 'EACCES' },
    ],
    result: { kind: 'range', from: 0n, to: 0x7fffffffn },
    errnos: ['EACCES', 'ENOENT', 'ENOTDIR'],
  },
  {
    number: 0x1ff00,
    name: 'records',
    component: 'shapes',
    doc: 'elements with every kind of check, there and back',
    args: [
      { kind: 'buffer', name: 'records', direction: 'inout', size: { by: 'many', each: 24 }, fields: RECORD },
      { kind: 'length', name: 'many', max: 300, over: 'cut' },
    ],
    result: { kind: 'non-zero', of: 'records', at: 6, type: 'u16' },
    errnos: ['EINTR'],
  },
  {
    number: 0x1ff01,
    name: 'counted',
    component: 'shapes',
    doc: 'elements larger than a byte, counted by the result',
    args: [
      { kind: 'buffer', name: 'items', direction: 'out', size: { by: 'many', each: 24 }, filled: 'result' },
      { kind: 'length', name: 'many', max: 200, over: 'EINVAL' },
    ],
    result: { kind: 'count', of: 'many' },
    errnos: ['EINTR'],
  },
];

/** What the tests drive. */
export const ROWS: readonly Row[] = [...TABLE, ...SHAPES];
