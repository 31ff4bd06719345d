// SPDX-License-Identifier: Apache-2.0
// The plain model's contents of files. `said` is looked at only where memory may have run out.
import { E, O, PAGE, fail } from './fs-node.js';
import type { Open } from './fs-node.js';

export function write(
  open: Open,
  count: number,
  atText: number,
  pattern: number,
  said: string,
  limited: boolean,
): number {
  const { node } = open;
  if ((open.flags & 3) === 0 || open.flags & O.PATH) fail(E.BADF);
  if (node.kind !== 'file') return count;
  let at = atText < 0 ? open.position : atText;
  if (open.flags & O.APPEND) at = node.size;
  if (count === 0) return 0;
  let done = count;
  if (limited) {
    if (said === String(E.NOSPC)) fail(E.NOSPC);
    if (Number(said) > 0 && Number(said) < count) done = Number(said);
    // A short write ends where a page does.
    if (done < count && (at + done) % PAGE !== 0) return -1;
  }
  for (let i = 0; i < done; i++) {
    const page = node.pages.get(Math.floor((at + i) / PAGE)) ?? new Uint8Array(PAGE);
    node.pages.set(Math.floor((at + i) / PAGE), page);
    page[(at + i) % PAGE] = pattern + i * 7;
  }
  node.size = Math.max(node.size, at + done);
  if (atText < 0) open.position = at + done;
  return done;
}

export function read(open: Open, count: number, atText: number): string {
  const { node } = open;
  if ((open.flags & 3) === O.WRONLY || open.flags & O.PATH) fail(E.BADF);
  if (node.kind === 'dir') fail(E.ISDIR);
  const at = atText < 0 ? open.position : atText;
  const length = Math.max(0, Math.min(count, node.size - at));
  let sum = 1;
  for (let i = at; i < at + length; i++)
    sum = (Math.imul(sum, 31) + (node.pages.get(Math.floor(i / PAGE))?.[i % PAGE] ?? 0)) >>> 0;
  if (atText < 0) open.position += length;
  return length === 0 ? '0' : `${length} ${sum}`;
}

export function seek(open: Open, offset: number, whence: number, said: string): number {
  const { node } = open;
  if (open.flags & O.PATH) fail(E.BADF);
  if (whence > 4) fail(E.INVAL);
  if (node.kind === 'dir' && whence > 1) fail(E.INVAL);
  let to = offset + (whence === 1 ? open.position : whence === 2 ? node.size : 0);
  if (whence > 2) {
    if (offset < 0 || offset >= node.size) fail(E.NXIO);
    if (node.vague) return ((open.position = Number(said) < 0 ? open.position : Number(said)), Number(said));
    const hole = whence === 4;
    for (to = offset; to < node.size && node.pages.has(Math.floor(to / PAGE)) === hole;) {
      const later = [...node.pages.keys()].filter((page) => page > to / PAGE).map((page) => page * PAGE);
      to = hole ? (Math.floor(to / PAGE) + 1) * PAGE : Math.min(...later, node.size);
    }
    to = Math.min(to, node.size);
    if (!hole && to === node.size) fail(E.NXIO);
  }
  if (to < 0) fail(E.INVAL);
  open.position = to;
  return to;
}

export function allocate(
  open: Open,
  mode: number,
  at: number,
  count: number,
  said: string,
  limited: boolean,
): void {
  const { node } = open;
  if (at < 0 || count <= 0) fail(E.INVAL);
  const [keep, punch, zero] = [(mode & 1) !== 0, (mode & 2) !== 0, (mode & 16) !== 0];
  if (mode & ~19 || (punch && (zero || !keep))) fail(E.OPNOTSUPP);
  if ((open.flags & 3) === 0 || open.flags & O.PATH) fail(E.BADF);
  if (node.kind !== 'file') fail(E.NODEV);
  if (punch || zero) {
    for (const [page, bytes] of node.pages) {
      const [from, to] = [Math.max(at - page * PAGE, 0), Math.min(at + count - page * PAGE, PAGE)];
      if (from === 0 && to === PAGE) node.pages.delete(page);
      else if (from < to) bytes.fill(0, from, to);
    }
  }
  if (punch) return;
  if (limited && said === String(E.NOSPC)) {
    node.vague = true;
    fail(E.NOSPC);
  }
  for (let page = Math.floor(at / PAGE); page * PAGE < at + count; page++)
    if (!node.pages.has(page)) node.pages.set(page, new Uint8Array(PAGE));
  if (!keep) node.size = Math.max(node.size, at + count);
}
