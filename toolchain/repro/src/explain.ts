// SPDX-License-Identifier: Apache-2.0
import { gunzipSync } from 'node:zlib';
import { excerpt, firstDifference } from './bytes.js';
import { membersOf } from './formats/archives.js';
import type { Member } from './formats/archives.js';
import { placeInElf } from './formats/elf.js';
import { placeInText } from './formats/text.js';
import { looksLike, reordered } from './looks.js';
import type { Place } from './place.js';
import type { Cause } from './variation.js';

/** What a field of an archive's header comes from. */
const FIELD_CAUSE: Readonly<Record<string, Cause>> = {
  mtime: 'mtime',
  uid: 'user',
  gid: 'user',
  uname: 'user',
  gname: 'user',
  mode: 'umask',
};

/** Most bytes that a gzip is unpacked to for the comparison. */
const MOST = 1 << 28;
/** Offset of MTIME in a gzip header (RFC 1952, 2.3), 4 bytes, little-endian. */
const GZIP_MTIME = 4;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b && bytes.length >= 18;

function within(member: string, place: Place): Place {
  return { ...place, member: place.member === undefined ? member : `${member}(${place.member})` };
}

function placeInGzip(a: Uint8Array, b: Uint8Array): Place | undefined {
  if (!isGzip(a) || !isGzip(b)) return undefined;
  const time = (bytes: Uint8Array): string => String(Buffer.from(bytes).readUInt32LE(GZIP_MTIME));
  if (time(a) !== time(b)) {
    return { offset: firstDifference(a, b), field: 'mtime', first: time(a), second: time(b), looks: 'mtime' };
  }
  try {
    const [left, right] = [a, b].map((bytes) => gunzipSync(bytes, { maxOutputLength: MOST })) as [
      Buffer,
      Buffer,
    ];
    return firstDifference(left, right) < 0 ? undefined : within('gunzip', placeOf(left, right));
  } catch {
    return undefined; // damaged or huge: compared as bytes
  }
}

function placeInMembers(left: readonly Member[], right: readonly Member[]): Place | undefined {
  const names = [left, right].map((list) => list.map(({ name }) => name)) as [string[], string[]];
  const at = left.findIndex(({ name }, i) => name !== right[i]?.name);
  if (at >= 0 || left.length !== right.length) {
    const index = at < 0 ? left.length : at;
    return {
      offset: left[index]?.offset ?? 0,
      field: 'members',
      first: left[index]?.name ?? '(the end)',
      second: right[index]?.name ?? '(the end)',
      ...(reordered(...names) ? { looks: 'order' as const } : {}),
    };
  }
  for (const [i, { name, fields, data, offset }] of left.entries()) {
    const other = right[i] as Member;
    // Contents first: a header may differ for a reason of its own, and names less.
    if (firstDifference(data, other.data) >= 0) return within(name, placeOf(data, other.data));
    const field = Object.keys(fields).find((key) => fields[key] !== other.fields[key]);
    if (field === undefined) continue;
    const looks = FIELD_CAUSE[field];
    return {
      offset,
      member: name,
      field,
      first: fields[field] ?? '',
      second: other.fields[field] ?? '',
      ...(looks === undefined ? {} : { looks }),
    };
  }
  return undefined;
}

function placeInArchive(a: Uint8Array, b: Uint8Array): Place | undefined {
  const [left, right] = [membersOf(a), membersOf(b)];
  return left === undefined || right === undefined ? undefined : placeInMembers(left, right);
}

/** Where two arrays that differ do so first, told by their format. */
export function placeOf(a: Uint8Array, b: Uint8Array): Place {
  const known = placeInGzip(a, b) ?? placeInArchive(a, b) ?? placeInElf(a, b) ?? placeInText(a, b);
  if (known !== undefined) return known;
  const offset = firstDifference(a, b);
  const [first, second] = [excerpt(a, offset), excerpt(b, offset)];
  const looks = looksLike(first, second);
  return { offset, first, second, ...(looks === undefined ? {} : { looks }) };
}
